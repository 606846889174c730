import { type Clause, defineClauses, Skip } from "../clause.ts";
import { expect, startedRun } from "../expect.ts";
import { parseLimit } from "../token-claims.ts";
import {
  afterTheWindow,
  countedStarts,
  expectFamily,
  expectLeadsToReset,
  MORE_THAN_REMAIN,
  numberIn,
  RESET_HEADER,
  refusals,
  remaining,
  spent,
} from "../window.ts";
import { RATE_LIMIT_HEADERS } from "./who.ts";

const clause = defineClauses("limit");

export const LIMIT: readonly Clause[] = [
  clause("headers: X-RateLimit-Limit, -Remaining, -Reset; RateLimit-Policy, RateLimit", async (world) => {
    const { windowSeconds } = world.options;
    for (const answer of countedStarts(await spent(world))) expectFamily(answer, "runs", windowSeconds);
  }),
  clause("default: 200 requests per 300-second window, unless the token says otherwise", async (world) => {
    const { defaultLimit, windowSeconds, given } = world.options;
    const limit = parseLimit(given.token ?? "") ?? defaultLimit;
    if (limit === 0) throw new Skip("--token is exempt");
    const answer = await world.caller.start(world.action, {});
    expectFamily(answer, "runs", windowSeconds);
    expect.same("X-RateLimit-Limit", numberIn(answer, "x-ratelimit-limit"), limit);
  }),
  clause("override: the claim rate_limit.limit_override sets another cap", async (world) => {
    const limit = parseLimit(world.given("token-low-limit"));
    const { first } = await spent(world);
    expect.same("X-RateLimit-Limit", numberIn(first, "x-ratelimit-limit"), limit);
  }),
  clause("exempt: the claim rate_limit.exempt lifts it: no headers", async (world) => {
    const answer = await world.as("exempt-token").start(world.action, {});
    startedRun(answer);
    for (const name of RATE_LIMIT_HEADERS) expect.noHeader(answer, name);
  }),
  clause("counts: each authenticated start counts one, a malformed one too", async (world) => {
    const { first, malformed, started } = await spent(world);
    expect.status(malformed, 400);
    expect.status(started, 202);
    expect.same("Remaining after a malformed one", remaining(malformed), remaining(first) - 1);
    expect.same("Remaining after another", remaining(started), remaining(first) - 2);
  }),
  clause("replay-uncounted: a replay is not counted, and has current headers", async (world) => {
    const { started, replayed } = await spent(world);
    expectFamily(replayed, "runs", world.options.windowSeconds);
    expect.same("Remaining after a replay", remaining(replayed), remaining(started));
  }),
  clause("refusal-uncounted: a 403 for a token does not touch the quota", async (world) => {
    const { replayed, afterRefusal } = await spent(world);
    if (afterRefusal === null) throw new Skip("needs --no-scope-token of the user of --token-low-limit");
    expect.same("Remaining after a 403 and a start", remaining(afterRefusal), remaining(replayed) - 1);
  }),
  clause("exact: of more requests at once than remain, exactly as many pass as remained", async (world) => {
    const { replayed, afterRefusal, atOnce: answers } = await spent(world);
    const passed = answers.filter(({ status }) => status === 202).length;
    const refused = answers.filter(({ status }) => status === 429).length;
    expect.same("the number that passed", passed, remaining(afterRefusal ?? replayed));
    expect.same("the number of 429", refused, MORE_THAN_REMAIN);
  }),
  clause("remaining: Remaining counts down, each number once, to 0", async (world) => {
    const { atOnce: answers } = await spent(world);
    const left = answers.filter(({ status }) => status === 202).map(remaining);
    const wanted = left.map((_, index) => index);
    expect.same("Remaining", JSON.stringify(left.toSorted((a, b) => a - b)), JSON.stringify(wanted));
    for (const answer of refusals(await spent(world)))
      expect.same("Remaining of a 429", remaining(answer), 0);
  }),
  clause("one-window: the window is fixed: its reset stays the same while it is open", async (world) => {
    const resets = new Set(countedStarts(await spent(world)).map((answer) => numberIn(answer, RESET_HEADER)));
    expect.same("the number of resets that were named", resets.size, 1);
  }),
  clause("refused: the rest: 429 too_many_requests, Retry-After in whole seconds", async (world) => {
    for (const answer of refusals(await spent(world))) {
      expect.error(answer, 429, "too_many_requests");
      expect.header(answer, "retry-after", /^[1-9]\d*$/);
    }
  }),
  clause("retry-after: Retry-After leads to the reset", async (world) => {
    for (const answer of refusals(await spent(world))) {
      const seconds = Number(expect.header(answer, "retry-after", /^\d+$/));
      expectLeadsToReset("Retry-After", answer, seconds);
    }
  }),
  clause("replay-when-exhausted: a replay is given even when the window is exhausted", async (world) => {
    const { started, replayedAfterwards } = await spent(world);
    expect.same("the replay", replayedAfterwards.text, started.text);
    expect.header(replayedAfterwards, "idempotency-replayed", /^true$/);
  }),
  clause("before-the-form: a malformed request is a 429 by now", async (world) =>
    expect.status((await spent(world)).malformedAfterwards, 429),
  ),
];

const reset = defineClauses("reset", true);

export const RESET: readonly Clause[] = [
  reset("retry-after: a retry at exactly the time that Retry-After names passes", async (world, note) => {
    const { retried, waitedSeconds } = await afterTheWindow(world);
    expect.status(retried, 202);
    note(`after ${waitedSeconds} s`);
  }),
  reset("new-window: it opens a new window: all but one remain, and the whole time", async (world) => {
    const { retried } = await afterTheWindow(world);
    expect.same("Remaining", remaining(retried), numberIn(retried, "x-ratelimit-limit") - 1);
    expectLeadsToReset("a whole window", retried, world.options.windowSeconds);
  }),
  reset("refused-id: an idempotency_id that was refused with 429 is judged afresh", async (world) => {
    const { again } = await afterTheWindow(world);
    startedRun(again);
    expect.noHeader(again, "idempotency-replayed");
  }),
];
