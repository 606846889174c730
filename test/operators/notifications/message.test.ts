// What operators are sent, and what docs/operations.md says of it.
import { describe, expect, it } from "vitest";
import page from "../../../docs/operations.md?raw";
import { toMessage } from "../../../src/operators/notifications/message.ts";
import { type Counts, EVENT_TYPES, type EventType } from "../../../src/operators/notifications/topics.ts";

const SECTION = page.split("\n## Notifications\n")[1]?.split("\n## ")[0] ?? "";
const SINCE_MS = Date.parse("2026-11-30T14:05:12Z");
const NOW_MS = Date.parse("2026-11-30T14:05:40Z");

const EVENTS: Record<EventType, [subject: string, Counts]> = {
  "host.down": ["hooks.example.com", { outages: 1 }],
  "host.up": ["hooks.example.com", { outages: 0 }],
  "host.dead_letters": ["hooks.example.com", { dead_letters: 12 }],
  "hosts.summary": ["", { down: 120, up: 8, dead_letters: 45 }],
  "upstream.down": ["", { outages: 1, failed: 57, requests: 60 }],
  "upstream.up": ["", { outages: 0, failed: 0, requests: 55 }],
  "runs.overdue": ["", { runs: 40, users: 3 }],
  "queue.late": ["", { messages: 210, longest_seconds: 95 }],
  "storage.failing": ["kv", { failures: 17 }],
  "gate.full": ["", { refused: 8 }],
};

function messageOf(type: EventType, subject: string, counts: Counts) {
  return toMessage({ type, subject, sinceMs: SINCE_MS, counts }, "https://actions.example.com", NOW_MS);
}

describe("each type of event", () => {
  it.each(EVENT_TYPES)("%s is as the page has it", (type) => {
    const examples = [...SECTION.matchAll(/^\{.*\}$/gm)].map(([line]) => JSON.parse(line));
    const example = examples.find((each) => each.type === type);
    expect(example).toEqual(messageOf(type, ...EVENTS[type]));
    expect(examples).toHaveLength(EVENT_TYPES.length);
  });

  it.each(EVENT_TYPES)("%s has a row that says what to do", (type) => {
    const [, when = "", todo = ""] =
      new RegExp(`^\\| \`${type}\` \\| (.+) \\| (.+) \\|$`, "m").exec(SECTION) ?? [];
    expect(when).not.toBe("");
    expect(todo).not.toBe("");
  });
});

describe("the sentence", () => {
  it.each<[type: EventType, subject: string, counts: Counts, text: string]>([
    [
      "host.down",
      "a.example:8443",
      { outages: 2 },
      "a.example:8443 has been down since 2026-11-30 14:05 UTC (for the 2nd time since the last message): no callback reaches it, and its deliveries wait.",
    ],
    [
      "host.up",
      "a.example",
      { outages: 1 },
      "a.example has been up again since 2026-11-30 14:05 UTC, after 1 more outage.",
    ],
    [
      "host.dead_letters",
      "a.example",
      { dead_letters: 1 },
      "1 delivery to a.example has become a dead letter since 2026-11-30 14:05 UTC.",
    ],
    [
      "runs.overdue",
      "",
      { runs: 1, users: 1 },
      "1 run is overdue, of 1 user, the first since 2026-11-30 14:05 UTC.",
    ],
    [
      "hosts.summary",
      "",
      { dead_letters: 1 },
      "Of more hosts than are named one by one, since 2026-11-30 14:05 UTC: 0 went down, 0 came up again; dead letters: 1.",
    ],
    ["storage.failing", "d1", { failures: 3 }, "D1 has failed 3 times since 2026-11-30 14:05 UTC."],
    [
      "gate.full",
      "",
      { refused: 1 },
      "1 start has been refused since 2026-11-30 14:05 UTC, because the gate of the user is full.",
    ],
  ])("of %s %s", (type, subject, counts, text) => {
    expect(messageOf(type, subject, counts).text).toBe(text);
  });
});

it("without a public URL there is no link", () => {
  const message = toMessage(
    { type: "gate.full", subject: "", sinceMs: SINCE_MS, counts: { refused: 1 } },
    null,
    NOW_MS,
  );
  expect(message.data).toEqual({ since: "2026-11-30T14:05:12.000Z", refused: 1 });
});
