// The list of hosts that operators have paused, as arithmetic.
import { describe, expect, it } from "vitest";
import { addPause, findPause, type HostPause, removePause } from "../../src/callbacks/host-pauses.ts";
import { times } from "../support/times.ts";

function pause(host: string, untilMs = 1_000): HostPause {
  return { host, untilMs, operator: "olga", setAtMs: 0 };
}

const LIST = [pause("a.example"), pause("b.example:8443", 500)];

describe("a host", () => {
  it.each<[string, string, number, HostPause | null]>([
    ["is paused before its moment", "a.example", 999, pause("a.example")],
    ["is not paused from its moment on", "a.example", 1_000, null],
    ["on another port is another host", "b.example", 0, null],
    ["is named with its port", "b.example:8443", 499, pause("b.example:8443", 500)],
    ["is no other one's subdomain", "x.a.example", 0, null],
  ])("%s", (_name, host, nowMs, found) => {
    expect(findPause(LIST, host, nowMs)).toEqual(found);
  });
});

describe("the list", () => {
  it("has a host once, with its last moment, and drops what has lapsed", () => {
    expect(addPause(LIST, pause("a.example", 9_000), 500)).toEqual([pause("a.example", 9_000)]);
    expect(removePause(LIST, "a.example", 0)).toEqual([pause("b.example:8443", 500)]);
  });

  it("takes two hundred hosts", () => {
    const full = times(200, (n) => pause(`h${n}.example`));
    expect(addPause(full, pause("more.example"), 0)).toBeNull();
    expect(addPause(full, pause("h7.example", 2_000), 0)).toHaveLength(200);
    expect(addPause(full, pause("more.example", 9_000), 1_000)).toHaveLength(1);
  });
});
