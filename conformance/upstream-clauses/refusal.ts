import { Skip } from "../clause.ts";
import { expect } from "../expect.ts";
import { defineUpstreamClauses, type UpstreamClause } from "./clause.ts";
import { findEnvelopeFault } from "./run.ts";

const REASONS: Record<number, string> = {
  402: "the account cannot pay",
  403: "the user may not run the action",
  429: "the upstream limits this user",
};
/** A longer error is replaced. */
const MAX_ERROR_BYTES = 64 * 1024;

const clause = defineUpstreamClauses("refusal");

export const REFUSAL: readonly UpstreamClause[] = [
  ...Object.entries(REASONS).map(([status, reason]) =>
    clause(
      "must",
      `${status}: a start is answered ${status} if ${reason}`,
      "Callers get another status, and do the wrong thing about it.",
      async (world) => {
        expect.status(await world.user.start(world.refusing(Number(status)), {}), Number(status));
      },
    ),
  ),
  clause(
    "should",
    "envelope: every error seen is in the envelope, in at most 64 KiB; a 401 need not be",
    "Callers get the gateway's general words in place of the upstream's.",
    async ({ http }) => {
      const errors = http.answers.filter(({ status }) => status >= 400 && status !== 401);
      if (errors.length === 0) throw new Skip("no error was seen");
      for (const answer of errors) {
        expect.same(`what is wrong with the ${answer.status}`, findEnvelopeFault(answer), null);
        expect.that(answer.text.length <= MAX_ERROR_BYTES, `the ${answer.status} is longer than 64 KiB`);
      }
    },
  ),
  clause(
    "should",
    "retry-after: every 429 and 503 seen has Retry-After in whole seconds, or a date",
    "Callers are told to come again after one second.",
    async ({ http }) => {
      const answers = http.answers.filter(({ status }) => status === 429 || status === 503);
      if (answers.length === 0) throw new Skip("no 429 or 503 was seen: needs --refusing 429=ID");
      for (const answer of answers) expect.header(answer, "retry-after", /^\d+$|GMT$/);
    },
  ),
];
