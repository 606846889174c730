import { describe, expect, it } from "vitest";
import { type TargetBase, toCallersLinks, toCallersTarget } from "../../src/upstream/targets.ts";

const AT_ROOT: TargetBase = {
  requestUrl: "https://backend.internal/actions/v1/stored-actions?limit=2",
  baseUrl: "https://backend.internal",
  publicUrl: "https://edge.example",
};
const UNDER_A_PATH: TargetBase = {
  ...AT_ROOT,
  requestUrl: "https://backend.internal/api/actions/v1/stored-actions",
  baseUrl: "https://backend.internal/api",
};

describe("a target becomes", () => {
  it.each([
    ["https://backend.internal/actions/v1/a?b=c#d", "https://edge.example/actions/v1/a?b=c#d"],
    ["HTTPS://Backend.Internal:443/actions/v1/a", "https://edge.example/actions/v1/a"],
    ["//backend.internal/actions/v1/a", "https://edge.example/actions/v1/a"],
    ["https://user:secret@backend.internal/actions/a", "https://edge.example/actions/a"],
    ["/actions/v1/a", "https://edge.example/actions/v1/a"],
    ["stored-actions/a%20b", "https://edge.example/actions/v1/stored-actions/a%20b"],
    // The gateway would not forward these.
    ["stored-actions/a%2Fb", null],
    ["/actions//v1/a", null],
    ["/actions/v1/100%25", null],
    ["/actions/v1/a//", null],
    ["/actions/v1/runs/", null],
    ["/actions/v1/RUNS", null],
    ["/actions/v1/runs/b", "https://edge.example/actions/v1/runs/b"],
    ["/actions/v1/a?path=//b%25%2F", "https://edge.example/actions/v1/a?path=//b%25%2F"],
    ["?cursor=2", "https://edge.example/actions/v1/stored-actions?cursor=2"],
    ["https://edge.example/actions/v1/a", "https://edge.example/actions/v1/a"],
    ["https://cdn.example/icon.png", "https://cdn.example/icon.png"],
    ["urn:ietf:rfc:9110", "urn:ietf:rfc:9110"],
    ["http://backend.internal/actions/v1/a", null],
    ["https://backend.internal:8443/actions/v1/a", null],
    ["http://[", null],
    ["/console", null],
    ["/usage?from=1", null],
    ["http://backend.internal./actions/v1/a", null],
    ["blob:https://backend.internal/x", null],
    ["https://cdn.example/?next=https://backend.internal/a", null],
    ["https://login.example/?to=https%3A%2F%2Fbackend.internal%2Factions", null],
    ["https://login.example/?to=https%253A%252F%252Fbackend%252Einternal", null],
    ["/actions/v1/a?next=https://backend.internal/actions/v1/b", null],
    ["https://my-backend.internal.example/a", "https://my-backend.internal.example/a"],
    [
      "/actions/v1/a?to=https%3A%2F%2Fclient.example%2F",
      "https://edge.example/actions/v1/a?to=https%3A%2F%2Fclient.example%2F",
    ],
  ])("%s: %s", (target, shown) => {
    expect(toCallersTarget(target, AT_ROOT)).toBe(shown);
  });

  it.each([
    ["https://backend.internal/api/actions/v1/a", "https://edge.example/actions/v1/a"],
    ["/api/actions/v1/a", "https://edge.example/actions/v1/a"],
    ["https://backend.internal/api", null],
    ["stored-actions/a", "https://edge.example/actions/v1/stored-actions/a"],
    ["https://backend.internal/apis/a", null],
    ["https://backend.internal/admin", null],
    ["/actions/v1/a", null],
    ["/api/../admin", null],
  ])("%s where UPSTREAM_URL has a path: %s", (target, shown) => {
    expect(toCallersTarget(target, UNDER_A_PATH)).toBe(shown);
  });

  it("itself where the gateway is at the same host, at another port", () => {
    const local = {
      requestUrl: "http://127.0.0.1:9000/actions/v1/a",
      baseUrl: "http://127.0.0.1:9000",
      publicUrl: "http://127.0.0.1:8787",
    };
    const own = "http://127.0.0.1:8787/docs";
    expect(toCallersTarget(own, local)).toBe(own);
    expect(toCallersTarget("http://127.0.0.1:5432/", local)).toBeNull();
  });
});

describe("links become", () => {
  it.each([
    ["</actions/a>; rel=next", "<https://edge.example/actions/a>; rel=next"],
    [
      "<?c=2>;rel=next , </actions/a>",
      "<https://edge.example/actions/v1/stored-actions?c=2>;rel=next, <https://edge.example/actions/a>",
    ],
    ['</actions/a>; title="b, <c>; \\"d"', '<https://edge.example/actions/a>; title="b, <c>; \\"d"'],
    ["</actions/a,b>; rel=next", "<https://edge.example/actions/a,b>; rel=next"],
    [
      "<http://backend.internal/a>; rel=self, </actions/b>; rel=next",
      "<https://edge.example/actions/b>; rel=next",
    ],
    ["</actions//b>; rel=prev, </actions/b>; rel=next", "<https://edge.example/actions/b>; rel=next"],
    ['</actions/a>; rel=up; anchor="https://Backend.internal/b"', null],
    ['</actions/a>; rel=up; anchor="/base/b"', null],
    ["</actions/a>; rel=up; anchor*=UTF-8''%2Fbase", null],
    ['</actions/a>; rel="https://backend.internal/rels/next"', null],
    ["<http://backend.internal/a>; rel=self", null],
    ["next", null],
    ["", null],
  ])("%s: %s", (field, shown) => {
    expect(toCallersLinks(field, AT_ROOT)).toBe(shown);
  });

  it("nothing, soon, of a field that is no list of links", () => {
    const startedAtMs = performance.now();
    for (const text of ["<", "<a>;x", '<a>"', "<a>,"]) toCallersLinks(text.repeat(50_000), AT_ROOT);
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
  });
});
