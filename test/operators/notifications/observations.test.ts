import { describe, expect, it } from "vitest";
import {
  judgeUpstream,
  readMinute,
  readOverdueRows,
  readRecoveries,
} from "../../../src/operators/notifications/observations.ts";
import { observe } from "../../../src/operators/notifications/topics.ts";
import {
  countAttempt,
  countDeadLetter,
  countMessage,
  countStorageFailure,
  decodeSums,
  emptySums,
  encodeSums,
  type Sums,
} from "../../../src/platform/observability/sums.ts";
import { toAttempt } from "../../platform/observability/counted.ts";
import { MINUTE, T0 } from "../../support/clock.ts";

const START = "/actions/v1/stored-actions/:stored_action_id/run";

/** Of requests by `outcome` or `outcome|route`. */
function requests(counts: Record<string, number>): Sums {
  const labels = Object.entries(counts).map(([label, n]): [string, number] => [
    `200|${label.includes("|") ? label : `${label}|${START}`}`,
    n,
  ]);
  return { ...emptySums(), requests: new Map(labels) };
}

const NONE = emptySums();

describe("the upstream", () => {
  it.each<[last: Sums, running: Sums, isDown: boolean | null]>([
    [NONE, NONE, null],
    [NONE, requests({ upstream_failed: 9 }), null],
    [NONE, requests({ upstream_failed: 10 }), true],
    [requests({ upstream_failed: 10 }), NONE, true],
    [NONE, requests({ upstream_failed: 10, accepted: 10 }), false],
    [NONE, requests({ upstream_failed: 11, accepted: 10 }), true],
    [NONE, requests({ upstream_failed: 11, upstream_refused: 4, waiting: 4, read: 3 }), false],
    // Its answers decide, and not those of the gateway alone.
    [NONE, requests({ upstream_failed: 10, limited: 90, shed: 90, replayed: 90, full: 90 }), true],
    [NONE, requests({ upstream_failed: 10, "read|/usage": 90, "waiting|/actions/:id/deliveries": 90 }), true],
    // A few answers at the beginning of a minute do not say that it is back; those of a whole minute do.
    [requests({ upstream_failed: 10 }), requests({ accepted: 9 }), true],
    [requests({ upstream_failed: 10 }), requests({ accepted: 10 }), false],
    [requests({ accepted: 1 }), NONE, false],
    [requests({ upstream_failed: 9, accepted: 1 }), NONE, true],
  ])("%#", (last, running, isDown) => {
    expect(judgeUpstream(last, running)?.isDown ?? null).toBe(isDown);
  });

  it("is reported with the counts of the minute that decided", () => {
    expect(judgeUpstream(NONE, requests({ upstream_failed: 12, accepted: 3 }))?.counts).toEqual({
      failed: 12,
      requests: 15,
    });
  });
});

describe("a minute", () => {
  it("says nothing when nothing breaks", () => {
    const sums = requests({ accepted: 90, limited: 4 });
    countAttempt(sums, toAttempt({}));
    countMessage(sums, 29_000);
    expect(readMinute(sums, T0)).toEqual([]);
  });

  it("says what breaks, by host and store, also after it was sent and stored", () => {
    const sums = requests({ full: 3 });
    const failed = { outcome: "failed", failure: "no connection", host: "a.example" } as const;
    countAttempt(sums, toAttempt({ ...failed, delivery: "retrying" }));
    countAttempt(sums, toAttempt({ ...failed, delivery: "dead" }));
    countDeadLetter(sums, "a.example");
    countDeadLetter(sums, "b.example");
    countStorageFailure(sums, "kv");
    countStorageFailure(sums, "kv");
    countStorageFailure(sums, "d1");
    for (const queuedMs of [29_000, 31_000, 64_000]) countMessage(sums, queuedMs);
    const stored = decodeSums(encodeSums(sums)) ?? emptySums();
    expect(readMinute(stored, T0).map(({ name, subject, counts }) => [name, subject, counts])).toEqual([
      ["host.dead_letters", "a.example", { dead_letters: 2 }],
      ["host.dead_letters", "b.example", { dead_letters: 1 }],
      ["storage.failing", "kv", { failures: 2 }],
      ["storage.failing", "d1", { failures: 1 }],
      ["gate.full", "", { refused: 3 }],
      ["queue.late", "", { messages: 2, longest_seconds: 60 }],
    ]);
  });
});

describe("a host that is down", () => {
  const topic = observe(undefined, { name: "host", subject: "a.example", isDown: true, counts: {} }, T0);
  const sums = emptySums();
  countAttempt(sums, toAttempt({ host: "a.example" }));

  it("is up when it takes a callback in a minute of which no isolate can still tell what came before", () => {
    expect(readRecoveries([topic], T0 + 5 * MINUTE - 1, sums)).toEqual([]);
    expect(readRecoveries([topic], T0 + 5 * MINUTE, emptySums())).toEqual([]);
    expect(readRecoveries([topic], T0 + 5 * MINUTE, sums)).toMatchObject([
      { subject: "a.example", isDown: false },
    ]);
  });
});

it("overdue runs are those of all users, since the first", () => {
  const row = { user_key: "u", example_run_key: "r" };
  expect(readOverdueRows([])).toEqual({ name: "runs.overdue", subject: "", counts: { runs: 0, users: 0 } });
  expect(
    readOverdueRows([
      { ...row, since_ms: T0, runs: 2 },
      { ...row, since_ms: T0 + 1, runs: 3 },
    ]),
  ).toEqual({ name: "runs.overdue", subject: "", counts: { runs: 5, users: 2 }, sinceMs: T0 });
});
