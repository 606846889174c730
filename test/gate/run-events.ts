// What may happen to the runs of one id, and how often each of it does in a story.
import * as fc from "fast-check";
import type { AttemptOutcome } from "../../src/runs/attempt.ts";
import type { RunResult } from "../../src/runs/run.ts";
import { DAY, MINUTE, SECOND } from "../support/clock.ts";
import { weighted } from "../support/commands.ts";

/** What really happens at the upstream to a run that it starts. */
export type Truth = { endsAfterMs: number; result: RunResult };
export type ReceiverMood = AttemptOutcome["kind"] | "open" | "crowded";
export type UpstreamMood = "honest" | "down" | "forgetful";

export type Yes = "heard" | "in a message" | "unheard" | "in KV";

export type Event =
  /**
   * A start with the id, or its retry, which asks for one of several things. The upstream starts it, and its yes is heard; or
   * reaches the gate in a message, because it is away; or is never heard. Or KV has an earlier one that the gate has not.
   */
  | { kind: "start"; asks: number; upstream: "starts" | "refuses"; yes: Yes }
  /** A message of the queue comes, and may come again. */
  | { kind: "message"; which: number; again: boolean }
  | { kind: "lose"; which: number }
  | {
      kind: "consume";
      hand: number;
      upstream: UpstreamMood;
      receiver: ReceiverMood;
      fate: "reports" | "dies" | "throws";
    }
  | { kind: "report"; which: number }
  /** `false`: of a run that there is not; `unproven`: without credentials. */
  | { kind: "completion"; says: "true" | "false" | "unproven" }
  | { kind: "redeliver" }
  | { kind: "abandon" }
  | { kind: "alarm" }
  | { kind: "evict" }
  | { kind: "time"; byMs: number };

const byMs = fc.oneof(
  fc.constantFrom(1, 2 * SECOND, 5 * SECOND, MINUTE, 5 * MINUTE, 61 * MINUTE, DAY, 4 * DAY),
  fc.integer({ min: -3 * SECOND, max: 30 * SECOND }),
);
const which = fc.nat({ max: 1_000 });
const upstream = fc.constantFrom("honest", "honest", "honest", "down", "forgetful");
const receiver = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("acknowledged", "failed") },
  { weight: 3, arbitrary: fc.constantFrom("aborted", "open", "crowded") },
);
const fate = fc.constantFrom("reports", "reports", "reports", "reports", "dies", "throws");

export const event: fc.Arbitrary<Event> = fc.oneof(
  weighted(3, {
    kind: fc.constant("start"),
    asks: which,
    upstream: fc.constantFrom("starts", "starts", "starts", "refuses"),
    yes: fc.constantFrom("heard", "in a message", "unheard", "unheard", "in KV"),
  }),
  weighted(7, { kind: fc.constant("message"), which, again: fc.boolean() }),
  weighted(1, { kind: fc.constant("lose"), which }),
  weighted(7, { kind: fc.constant("consume"), hand: which, upstream, receiver, fate }),
  weighted(7, { kind: fc.constant("report"), which }),
  weighted(3, {
    kind: fc.constant("completion"),
    says: fc.constantFrom("true", "true", "false", "unproven"),
  }),
  weighted(1, { kind: fc.constant("redeliver") }),
  weighted(1, { kind: fc.constant("abandon") }),
  weighted(5, { kind: fc.constant("alarm") }),
  weighted(1, { kind: fc.constant("evict") }),
  weighted(6, { kind: fc.constant("time"), byMs }),
);
