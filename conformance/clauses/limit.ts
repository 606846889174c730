import { type Clause, Skip } from "../clause.ts";
import {
  expectError,
  expectHeader,
  expectNoHeader,
  expectSame,
  expectStatus,
  expectThat,
  startedRun,
} from "../expect.ts";
import { parseLimit } from "../token-claims.ts";
import {
  afterTheWindow,
  CLOCKS_DIFFER_SECONDS,
  countedStarts,
  expectFamily,
  MORE_THAN_REMAIN,
  numberIn,
  RESET_HEADER,
  refusals,
  remaining,
  serverSeconds,
  spent,
} from "../window.ts";
import { RATE_LIMIT_HEADERS } from "./who.ts";

export const LIMIT: readonly Clause[] = [
  {
    id: "limit.headers",
    text: "X-RateLimit-Limit, -Remaining and -Reset (Unix seconds), RateLimit-Policy, RateLimit",
    check: async (world) => {
      const { windowSeconds } = world.options;
      for (const answer of countedStarts(await spent(world))) expectFamily(answer, "runs", windowSeconds);
    },
  },
  {
    id: "limit.default",
    text: "200 requests per 300-second window, unless the token says otherwise",
    check: async (world) => {
      const { defaultLimit, windowSeconds, tokens } = world.options;
      const limit = parseLimit(tokens.token ?? "") ?? defaultLimit;
      if (limit === 0) throw new Skip("--token is exempt");
      const answer = await world.caller.start(world.action, {});
      expectFamily(answer, "runs", windowSeconds);
      expectSame("X-RateLimit-Limit", numberIn(answer, "x-ratelimit-limit"), limit);
    },
  },
  {
    id: "limit.override",
    text: "the claim rate_limit.limit_override sets another cap",
    check: async (world) => {
      const limit = parseLimit(world.token("token-low-limit"));
      const { first } = await spent(world);
      expectSame("X-RateLimit-Limit", numberIn(first, "x-ratelimit-limit"), limit);
    },
  },
  {
    id: "limit.exempt",
    text: "the claim rate_limit.exempt lifts it: no headers",
    check: async (world) => {
      const answer = await world.as("exempt-token").start(world.action, {});
      startedRun(answer);
      for (const name of RATE_LIMIT_HEADERS) expectNoHeader(answer, name);
    },
  },
  {
    id: "limit.counts",
    text: "each authenticated start counts one, a malformed one too",
    check: async (world) => {
      const { first, malformed, started } = await spent(world);
      expectStatus(malformed, 400);
      expectStatus(started, 202);
      expectSame("Remaining after a malformed one", remaining(malformed), remaining(first) - 1);
      expectSame("Remaining after another", remaining(started), remaining(first) - 2);
    },
  },
  {
    id: "limit.replay-uncounted",
    text: "a replay is not counted, and has current headers",
    check: async (world) => {
      const { started, replayed } = await spent(world);
      expectFamily(replayed, "runs", world.options.windowSeconds);
      expectSame("Remaining after a replay", remaining(replayed), remaining(started));
    },
  },
  {
    id: "limit.refusal-uncounted",
    text: "a 403 for a token does not touch the quota",
    check: async (world) => {
      const { replayed, afterRefusal } = await spent(world);
      if (afterRefusal === null) throw new Skip("needs --no-scope-token of the user of --token-low-limit");
      expectSame("Remaining after a 403 and a start", remaining(afterRefusal), remaining(replayed) - 1);
    },
  },
  {
    id: "limit.exact",
    text: "of more requests at once than remain, exactly as many pass as remained",
    check: async (world) => {
      const { replayed, afterRefusal, atOnce: answers } = await spent(world);
      const passed = answers.filter(({ status }) => status === 202).length;
      const refused = answers.filter(({ status }) => status === 429).length;
      expectSame("the number that passed", passed, remaining(afterRefusal ?? replayed));
      expectSame("the number of 429", refused, MORE_THAN_REMAIN);
    },
  },
  {
    id: "limit.remaining",
    text: "Remaining counts down, each number once, to 0",
    check: async (world) => {
      const { atOnce: answers } = await spent(world);
      const left = answers.filter(({ status }) => status === 202).map(remaining);
      const wanted = left.map((_, index) => index);
      expectSame("Remaining", JSON.stringify(left.toSorted((a, b) => a - b)), JSON.stringify(wanted));
      for (const answer of refusals(await spent(world)))
        expectSame("Remaining of a 429", remaining(answer), 0);
    },
  },
  {
    id: "limit.one-window",
    text: "the window is fixed: its reset stays the same while it is open",
    check: async (world) => {
      const resets = new Set(
        countedStarts(await spent(world)).map((answer) => numberIn(answer, RESET_HEADER)),
      );
      expectSame("the number of resets that were named", resets.size, 1);
    },
  },
  {
    id: "limit.refused",
    text: "the rest: 429 too_many_requests with Retry-After, a whole number of seconds, at least 1",
    check: async (world) => {
      for (const answer of refusals(await spent(world))) {
        expectError(answer, 429, "too_many_requests");
        expectHeader(answer, "retry-after", /^[1-9]\d*$/);
      }
    },
  },
  {
    id: "limit.retry-after",
    text: "Retry-After leads to the reset",
    check: async (world) => {
      for (const answer of refusals(await spent(world))) {
        const leadsTo = serverSeconds(answer) + Number(expectHeader(answer, "retry-after", /^\d+$/));
        const off = Math.abs(leadsTo - numberIn(answer, RESET_HEADER));
        expectThat(off <= CLOCKS_DIFFER_SECONDS, `it leads ${off} s beside it`);
      }
    },
  },
  {
    id: "limit.replay-when-exhausted",
    text: "a replay is given even when the window is exhausted",
    check: async (world) => {
      const { started, replayedAfterwards } = await spent(world);
      expectSame("the replay", replayedAfterwards.text, started.text);
      expectHeader(replayedAfterwards, "idempotency-replayed", /^true$/);
    },
  },
  {
    id: "limit.before-the-form",
    text: "the limit is judged before the form: a malformed request is a 429 by now",
    check: async (world) => expectStatus((await spent(world)).malformedAfterwards, 429),
  },
];

export const RESET: readonly Clause[] = [
  {
    id: "reset.retry-after",
    text: "a retry at exactly the time that Retry-After names passes",
    aside: true,
    check: async (world, note) => {
      const { retried, waitedSeconds } = await afterTheWindow(world);
      expectStatus(retried, 202);
      note(`after ${waitedSeconds} s`);
    },
  },
  {
    id: "reset.new-window",
    text: "it opens a new window: all but one remain, and the whole time",
    aside: true,
    check: async (world) => {
      const { retried } = await afterTheWindow(world);
      const { windowSeconds } = world.options;
      expectSame("Remaining", remaining(retried), numberIn(retried, "x-ratelimit-limit") - 1);
      const lasts = numberIn(retried, RESET_HEADER) - serverSeconds(retried);
      const off = Math.abs(lasts - windowSeconds);
      expectThat(off <= CLOCKS_DIFFER_SECONDS, `it lasts ${lasts} s, not ${windowSeconds} s`);
    },
  },
  {
    id: "reset.refused-id",
    text: "an idempotency_id that was refused with 429 made no claim: it is judged afresh",
    aside: true,
    check: async (world) => {
      const { again } = await afterTheWindow(world);
      startedRun(again);
      expectNoHeader(again, "idempotency-replayed");
    },
  },
];
