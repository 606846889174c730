import { describe, expect, it } from "vitest";
import { buildFingerprint } from "../../src/start/fingerprint.ts";

describe("the fingerprint of a run", () => {
  it("is the SHA-256 of path and text", async () => {
    // printf '/actions/v1/runs\n{"data":{}}' | openssl dgst -sha256 -binary | basenc --base64url
    expect(await buildFingerprint("/actions/v1/runs", '{"data":{}}')).toBe(
      "MvUpi5MwnMFgSQjBgZxvTSagAtVqmsw0F-SgOwsogqE",
    );
  });

  it.each([
    { name: "a number's last digit", path: "/p", text: '{"data":{"inputs":{"n":1.10}}}' },
    { name: "a blank", path: "/p", text: '{"data":{"inputs":{"n": 1.1}}}' },
    { name: "the path", path: "/q", text: '{"data":{"inputs":{"n":1.1}}}' },
  ])("differs by $name", async ({ path, text }) => {
    expect(await buildFingerprint(path, text)).not.toBe(
      await buildFingerprint("/p", '{"data":{"inputs":{"n":1.1}}}'),
    );
  });
});
