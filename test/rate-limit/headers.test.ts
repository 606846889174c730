import { describe, expect, it } from "vitest";
import { rateLimitHeaders } from "../../src/rate-limit/headers.ts";

const NOW = Date.parse("2040-01-01T00:00:00Z");
const VIEW = { limit: 200, remaining: 199, resetAtMs: NOW + 300_000, windowMs: 300_000 };

describe("the rate-limit headers", () => {
  it("are both families, about one window", () => {
    expect(rateLimitHeaders("runs", VIEW, "unix", NOW)).toEqual({
      "x-ratelimit-limit": "200",
      "x-ratelimit-remaining": "199",
      "x-ratelimit-reset": "2208989100",
      "ratelimit-policy": '"runs";q=200;w=300',
      ratelimit: '"runs";r=199;t=300',
    });
  });

  it("name the reads' window", () => {
    expect(rateLimitHeaders("results", VIEW, "unix", NOW)).toMatchObject({
      "ratelimit-policy": '"results";q=200;w=300',
      ratelimit: '"results";r=199;t=300',
    });
  });

  it("can give the reset as RFC 3339", () => {
    expect(rateLimitHeaders("runs", VIEW, "date-time", NOW)["x-ratelimit-reset"]).toBe(
      "2040-01-01T00:05:00.000Z",
    );
  });

  it("are none without a limit", () => {
    expect(rateLimitHeaders("runs", null, "unix", NOW)).toEqual({});
  });

  it.each([
    { name: "the window's last millisecond", resetAtMs: NOW + 1, reset: "2208988801", rest: 1 },
    { name: "a fraction of a second", resetAtMs: NOW + 1_001, reset: "2208988802", rest: 2 },
    { name: "a whole second", resetAtMs: NOW + 2_000, reset: "2208988802", rest: 2 },
    { name: "a window that just ended", resetAtMs: NOW - 1, reset: "2208988800", rest: 0 },
  ])("name no moment before the window's end: $name", ({ resetAtMs, reset, rest }) => {
    const headers = rateLimitHeaders("runs", { ...VIEW, resetAtMs }, "unix", NOW);
    expect(headers["x-ratelimit-reset"]).toBe(reset);
    expect(headers["ratelimit"]).toBe(`"runs";r=199;t=${rest}`);
  });
});
