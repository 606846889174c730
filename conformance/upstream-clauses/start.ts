import { at, expect, toJson } from "../expect.ts";
import { defineUpstreamClauses, type UpstreamClause } from "./clause.ts";
import { acceptedRun, startOneOff } from "./run.ts";

/** A longer answer is no acceptance. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** For the envelope around what a caller may send. */
const ENVELOPE_BYTES = 1000;

const clause = defineUpstreamClauses("start");

export const START: readonly UpstreamClause[] = [
  clause(
    "must",
    'accepted: a start is answered 202 and {"data":{"type":"run","id":"<uuid>"}}',
    "Callers get a 500, and the gateway does not know whether a run was started.",
    async ({ user, action }) => {
      const answer = await user.start(action, { inputs: { message: "Hello World!" }, page: "0" });
      acceptedRun(answer);
      expect.members(at(toJson(answer), "data"), { type: "run" });
      expect.that(answer.text.length <= MAX_ANSWER_BYTES, "the answer is longer than 1 MiB");
    },
  ),
  clause(
    "must",
    "unknown-members: unknown members of data and of inputs are no fault",
    "Callers get a 400 for members that the contract allows.",
    async ({ user, action }) => {
      acceptedRun(await user.start(action, { inputs: { unheard_of: [1] }, also_unheard_of: true }));
    },
  ),
  clause(
    "must",
    "one-off: POST /actions/v1/runs starts a one-off run, with the same answer",
    "Callers cannot start one-off runs.",
    async (world) => {
      acceptedRun(await startOneOff(world));
    },
  ),
  clause(
    "should",
    "large: a body of MAX_BODY_BYTES is accepted, or refused with 413",
    "A start that the gateway lets pass fails with a 400, 500 or 503, and is retried in vain.",
    async ({ user, action, options }) => {
      const filler = "x".repeat(Math.max(0, options.maxBodyBytes - ENVELOPE_BYTES));
      const answer = await user.start(action, { inputs: { filler } });
      expect.that(
        answer.status === 413 || (answer.status >= 200 && answer.status < 300),
        `the start was answered ${answer.status}, not 202 or 413: ${answer.text}`,
      );
    },
  ),
];
