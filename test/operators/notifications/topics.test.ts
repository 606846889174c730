import { describe, expect, it } from "vitest";
import {
  decide,
  type Event,
  isSpent,
  type Observation,
  observe,
  type Topic,
} from "../../../src/operators/notifications/topics.ts";
import { MINUTE, SECOND, T0 } from "../../support/clock.ts";

const DAY = 24 * 60 * MINUTE;

/** What is said, and when after the beginning, when this is seen at these moments and each half minute is judged. */
function said(seen: readonly [afterMs: number, Observation][], untilMs: number): [number, Event][] {
  let topic: Topic | undefined;
  const events: [number, Event][] = [];
  for (let afterMs = 0; afterMs <= untilMs; afterMs += 30 * SECOND) {
    const nowMs = T0 + afterMs;
    for (const [, observation] of seen.filter(([atMs]) => atMs === afterMs))
      topic = observe(topic, observation, nowMs);
    const decided = topic && decide(topic, nowMs);
    if (!decided) continue;
    events.push([afterMs, decided.event]);
    topic = decided.topic;
  }
  return events;
}

function host(isDown: boolean): Observation {
  return { name: "host", subject: "a.example", isDown, counts: {} };
}
const DOWN = host(true);
const UP = host(false);

/** When what was said, and how many outages it tells of. */
function saidOfHost(
  seen: readonly [number, Observation][],
  untilMs = 60 * MINUTE,
): [number, string, number][] {
  return said(seen, untilMs).map(([atMs, { type, counts }]) => [
    atMs / MINUTE,
    type,
    counts["outages"] ?? -1,
  ]);
}

describe("a host", () => {
  it("that goes down and comes back is reported twice, each time at once", () => {
    const events = said(
      [
        [0, DOWN],
        [MINUTE, UP],
      ],
      60 * MINUTE,
    );
    expect(events).toEqual([
      [0, { type: "host.down", subject: "a.example", sinceMs: T0, counts: { outages: 1 } }],
      [MINUTE, { type: "host.up", subject: "a.example", sinceMs: T0 + MINUTE, counts: { outages: 0 } }],
    ]);
  });

  it.each<[what: string, seen: [number, Observation][], events: [number, string, number][]]>([
    [
      "is up all the time: nothing",
      [
        [0, UP],
        [MINUTE, UP],
      ],
      [],
    ],
    [
      "stays down: one event, though its breaker says so twice",
      [
        [0, DOWN],
        [MINUTE, DOWN],
      ],
      [[0, "host.down", 1]],
    ],
    [
      "goes down again after its breaker had forgotten: two events",
      [
        [0, DOWN],
        [30 * MINUTE, DOWN],
      ],
      [
        [0, "host.down", 1],
        [30, "host.down", 1],
      ],
    ],
    [
      "is down again within ten minutes: reported when they are over",
      [
        [0, DOWN],
        [MINUTE, UP],
        [2 * MINUTE, DOWN],
      ],
      [
        [0, "host.down", 1],
        [1, "host.up", 0],
        [10, "host.down", 1],
      ],
    ],
    [
      "was down again and is up: one event for the pair",
      [
        [0, DOWN],
        [MINUTE, UP],
        [2 * MINUTE, DOWN],
        [3 * MINUTE, UP],
      ],
      [
        [0, "host.down", 1],
        [1, "host.up", 0],
        [11, "host.up", 1],
      ],
    ],
    [
      "goes down and up before anything is judged: one event",
      [
        [0, DOWN],
        [0, UP],
      ],
      [[0, "host.up", 1]],
    ],
    [
      "is up for a moment and down again: one event for the pair",
      [
        [0, DOWN],
        [0, UP],
        [0, DOWN],
      ],
      [[0, "host.down", 2]],
    ],
  ])("that %s", (_what, seen, events) => {
    expect(saidOfHost(seen)).toEqual(events);
  });

  it("that flaps for an hour is reported seven times at most in each direction", () => {
    const flaps = Array.from({ length: 121 }, (_, at): [number, Observation] => [
      at * 30 * SECOND,
      at % 2 === 0 ? DOWN : UP,
    ]);
    const events = saidOfHost(flaps);
    for (const type of ["host.down", "host.up"]) {
      const times = events.filter(([, each]) => each === type).map(([atMin]) => atMin);
      expect(times.length).toBeLessThanOrEqual(7);
      for (const [at, time] of times.slice(1).entries())
        expect(time - (times[at] ?? 0)).toBeGreaterThanOrEqual(10);
    }
    // None of the 61 outages is missing.
    expect(events.reduce((sum, [, , outages]) => sum + outages, 0)).toBe(61);
  });
});

function dead(n: number): Observation {
  return { name: "host.dead_letters", subject: "a.example", counts: { dead_letters: n } };
}
function failures(n: number): Observation {
  return { name: "storage.failing", subject: "kv", counts: { failures: n } };
}
function late(messages: number, longest: number): Observation {
  return { name: "queue.late", subject: "", counts: { messages, longest_seconds: longest } };
}
function overdue(runs: number): Observation {
  return { name: "runs.overdue", subject: "", counts: { runs, users: 1 }, sinceMs: T0 - DAY };
}

it("an upstream that is seen down for an hour is reported once", () => {
  const down: Observation = { name: "upstream", subject: "", isDown: true, counts: {} };
  const seen = Array.from({ length: 121 }, (_, at): [number, Observation] => [at * 30 * SECOND, down]);
  expect(saidOfHost(seen)).toEqual([[0, "upstream.down", 1]]);
});

describe("what happens again and again", () => {
  it.each<[what: string, seen: [number, Observation][], reported: [number, object][]]>([
    ["is reported at the first time", [[0, dead(1)]], [[0, { dead_letters: 1 }]]],
    [
      "is summed up for ten minutes",
      [
        [0, dead(1)],
        [MINUTE, dead(2)],
        [9 * MINUTE, dead(4)],
        [25 * MINUTE, dead(8)],
      ],
      [
        [0, { dead_letters: 1 }],
        [10, { dead_letters: 6 }],
        [25, { dead_letters: 8 }],
      ],
    ],
    [
      "is no news for one failure of a store, nor for two",
      [
        [0, failures(1)],
        [MINUTE, failures(1)],
      ],
      [],
    ],
    [
      "nor for three in more than ten minutes",
      [
        [0, failures(2)],
        [10 * MINUTE, failures(1)],
      ],
      [],
    ],
    [
      "is for three within ten minutes",
      [
        [0, failures(2)],
        [9 * MINUTE, failures(1)],
      ],
      [[9, { failures: 3 }]],
    ],
    [
      "keeps the longest wait",
      [
        [0, late(1, 40)],
        [MINUTE, late(2, 90)],
        [2 * MINUTE, late(3, 50)],
      ],
      [
        [0, { messages: 1, longest_seconds: 40 }],
        [10, { messages: 5, longest_seconds: 90 }],
      ],
    ],
    [
      "says how many runs are overdue now",
      [
        [0, overdue(5)],
        [MINUTE, overdue(7)],
        [2 * MINUTE, overdue(3)],
      ],
      [
        [0, { runs: 5, users: 1 }],
        [10, { runs: 3, users: 1 }],
      ],
    ],
  ])("%s", (_what, seen, reported) => {
    expect(said(seen, 60 * MINUTE).map(([atMs, { counts }]) => [atMs / MINUTE, counts])).toEqual(reported);
  });

  it("is reported since it began", () => {
    expect(
      said(
        [
          [0, dead(1)],
          [MINUTE, dead(2)],
        ],
        60 * MINUTE,
      ).map(([, { sinceMs }]) => sinceMs - T0),
    ).toEqual([0, MINUTE]);
    expect(said([[0, overdue(1)]], 0)[0]?.[1].sinceMs).toBe(T0 - DAY);
  });

  it("is reported at once when the clock has stepped back", () => {
    const reported = decide(observe(undefined, dead(1), T0), T0)?.topic;
    const earlierMs = T0 - 60 * MINUTE;
    expect(decide(observe(reported, dead(2), earlierMs), earlierMs)?.event.counts).toEqual({
      dead_letters: 2,
    });
  });
});

describe("what is kept of a topic", () => {
  it.each<[what: string, seen: Observation, keptMs: number]>([
    ["of a host that is down, thirty days", DOWN, 30 * DAY],
    ["of what was reported, the pause", dead(1), 10 * MINUTE],
  ])("%s", (_what, seen, keptMs) => {
    const topic = decide(observe(undefined, seen, T0), T0)?.topic;
    if (topic === undefined) throw new Error("nothing was reported");
    expect(isSpent(topic, T0 + keptMs - 1)).toBe(false);
    expect(isSpent(topic, T0 + keptMs)).toBe(true);
  });

  it("goes only when it has nothing left to tell", () => {
    const reported = decide(observe(undefined, dead(1), T0), T0)?.topic;
    expect(isSpent(observe(reported, dead(1), T0 + MINUTE), T0 + 60 * MINUTE)).toBe(false);
    expect(isSpent(observe(undefined, failures(2), T0), T0 + 10 * MINUTE)).toBe(true);
  });
});
