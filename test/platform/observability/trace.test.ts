// W3C Trace Context, level 1: the vectors are those of its test suite, by its names where it has one.
import { describe, expect, it } from "vitest";
import { parseTrace } from "../../../src/platform/observability/trace.ts";

const TRACE = "12345678901234567890123456789012";
const SPAN = "1234567890123456";

function trace(traceparent: string | null, tracestate?: string) {
  const headers = new Headers();
  if (traceparent !== null) headers.set("traceparent", traceparent);
  if (tracestate !== undefined) headers.set("tracestate", tracestate);
  return parseTrace(headers);
}

describe("a trace goes on, in a span of its own", () => {
  it.each([
    { name: "sampled", traceparent: `00-${TRACE}-${SPAN}-01`, flags: "01" },
    { name: "not sampled", traceparent: `00-${TRACE}-${SPAN}-00`, flags: "00" },
    { name: "flags that are not defined are cleared", traceparent: `00-${TRACE}-${SPAN}-ff`, flags: "01" },
    { name: "a later version", traceparent: `cc-${TRACE}-${SPAN}-01`, flags: "01" },
    { name: "a later version, longer", traceparent: `cc-${TRACE}-${SPAN}-01-what-the-future`, flags: "01" },
  ])("$name", ({ traceparent, flags }) => {
    const known = trace(traceparent);
    expect(known.traceId).toBe(TRACE);
    expect(known.traceparent).toMatch(new RegExp(`^00-${TRACE}-(?!${SPAN})[0-9a-f]{16}-${flags}$`));
  });
});

describe("a trace begins anew", () => {
  it.each([
    { name: "no header", traceparent: null },
    { name: "an empty one", traceparent: "" },
    { name: "version ff", traceparent: `ff-${TRACE}-${SPAN}-01` },
    { name: "trace id all zero", traceparent: `00-${"0".repeat(32)}-${SPAN}-01` },
    { name: "parent id all zero", traceparent: `00-${TRACE}-${"0".repeat(16)}-01` },
    { name: "version 00, longer", traceparent: `00-${TRACE}-${SPAN}-01-what-the-future-will-be-like` },
    { name: "version 00, a dot too many", traceparent: `00-${TRACE}-${SPAN}-01.` },
    { name: "version 00, a dash too many", traceparent: `00-${TRACE}-${SPAN}-01-` },
    { name: "a later version, more without a dash", traceparent: `cc-${TRACE}-${SPAN}-01.what` },
    { name: "upper case", traceparent: `00-${TRACE.replaceAll("1", "A")}-${SPAN}-01` },
    { name: "trace id too short", traceparent: `00-${TRACE.slice(1)}-${SPAN}-01` },
    { name: "trace id too long", traceparent: `00-${TRACE}9-${SPAN}-01` },
    { name: "trace id with a dot", traceparent: `00-.${TRACE.slice(1)}-${SPAN}-01` },
    { name: "parent id too short", traceparent: `00-${TRACE}-${SPAN.slice(1)}-01` },
    { name: "flags too short", traceparent: `00-${TRACE}-${SPAN}-1` },
    { name: "flags that are not hexadecimal", traceparent: `00-${TRACE}-${SPAN}-.0` },
    { name: "version too short", traceparent: `0-${TRACE}-${SPAN}-01` },
    { name: "two of them", traceparent: `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01` },
  ])("$name", ({ traceparent }) => {
    const begun = trace(traceparent, "vendor=1");
    expect(begun.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
    expect(begun.traceId).not.toBe(TRACE);
    expect(begun.traceparent).toMatch(new RegExp(`^00-${begun.traceId}-(?!0{16})[0-9a-f]{16}-00$`));
    expect(begun.tracestate).toBeNull();
  });

  it("and no two are one", () => {
    expect(trace(null).traceId).not.toBe(trace(null).traceId);
  });
});

describe("tracestate", () => {
  it.each([
    { name: "passes as it is", tracestate: "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", passes: true },
    { name: "passes at 512 characters", tracestate: `v=${"x".repeat(510)}`, passes: true },
    { name: "is left out when it is longer", tracestate: `v=${"x".repeat(511)}`, passes: false },
  ])("$name", ({ tracestate, passes }) => {
    expect(trace(`00-${TRACE}-${SPAN}-01`, tracestate).tracestate).toBe(passes ? tracestate : null);
  });

  it("is none without one", () => {
    expect(trace(`00-${TRACE}-${SPAN}-01`).tracestate).toBeNull();
  });
});
