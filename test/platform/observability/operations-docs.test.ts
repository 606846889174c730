// docs/operations.md against the code: whatever can be logged is explained there, and whatever is watched there exists.
import { describe, expect, it } from "vitest";
import page from "../../../docs/operations.md?raw";
import { EVENT_TYPES } from "../../../src/operators/notifications/topics.ts";
// oxlint-disable-next-line import/default -- ?raw is the file's text, and not the module that the rule looks into
import code from "../../../src/platform/observability/log.ts?raw";

/** The events of the closed list: no other file can log one that is not in it. */
const EVENTS = [...new Set([...code.matchAll(/"([a-z_]+\.[a-z_]+)"/g)].map(([, event = ""]) => event))];
const ALERTS = tableUnder("## Alerts");
/** Of notifications, which are no lines of the log. */
const TYPES: readonly string[] = EVENT_TYPES;

function tableUnder(heading: string): string[][] {
  const section = page.split(`${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(1).map((row) => row.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "")));
}

function namesIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}

describe("events", () => {
  it("are found in the code", () => {
    expect(EVENTS).toEqual(expect.arrayContaining(["request.served", "gate.unavailable", "run.abandoned"]));
    expect(EVENTS.length).toBeGreaterThan(20);
  });

  it("have a row each, that says what it means and what to do, and no other has one", () => {
    const explained = tableUnder("## By event");
    expect(explained).toHaveLength(EVENTS.length);
    expect(new Set(explained.map(([event]) => event))).toEqual(new Set(EVENTS.map((name) => `\`${name}\``)));
    for (const row of explained) {
      expect(row).toHaveLength(3);
      expect(row.every((cell) => cell !== "")).toBe(true);
    }
  });

  it("named anywhere on the page are events that there are", () => {
    const names = namesIn(page).filter((name) => /^(?!wrangler)[a-z]+\.[a-z]+(?:_[a-z]+)*$/.test(name));
    const files = ["wrangler.toml"];
    const reasons = /^(?:token|scope|claim|operator)\./;
    const unknown = names.filter(
      (name) => ![...EVENTS, ...TYPES].includes(name) && !files.includes(name) && !reasons.test(name),
    );
    expect(unknown).toEqual([]);
  });
});

describe("alerts", () => {
  it.each([
    "errors",
    "gates are away",
    "no service",
    "the queue is stuck",
    "dead letters grow",
    "D1 refuses",
    "issuer keys fail",
    "bad settings",
    "callbacks late",
    "callbacks fail",
    "memory or CPU exceeded",
    "the flag is away",
    "a gate is full",
    "D1 grows",
  ])("there is one for: %s", (name) => {
    expect(ALERTS.map(([alert]) => alert)).toContain(name);
  });

  it.each(ALERTS)("%s: when %s", (...row) => {
    expect(row).toHaveLength(4);
    expect(row.every((cell) => cell !== "")).toBe(true);
  });

  it("watch columns that the queries above them give, events, or numbers of the platform", () => {
    const given = [...page.matchAll(/ AS (\w+)/g)].map(([, name]) => name);
    const platform = ["edge-actions-runs", "exceededMemory", "exceededCpu", "database_size"];
    const parts = ["reason", "keys."];
    const known = new Set([...given, ...EVENTS, ...platform, ...parts]);
    const watched = ALERTS.flatMap(([, when = ""]) => namesIn(when));
    expect(watched.filter((name) => !known.has(name))).toEqual([]);
  });
});
