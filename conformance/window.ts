// One user's window, used up once step by step, for all the clauses about it; and what every counted answer says of it.
import { setTimeout as sleep } from "node:timers/promises";
import { Skip } from "./clause.ts";
import { expect } from "./expect.ts";
import { type Answer, atOnce } from "./http.ts";
import type { World } from "./world.ts";

export type Spent = {
  first: Answer;
  malformed: Answer;
  started: Answer;
  replayed: Answer;
  /** Null without a token of this user that is refused. */
  afterRefusal: Answer | null;
  /** Passed or refused; more than remained. */
  atOnce: Answer[];
  replayedAfterwards: Answer;
  malformedAfterwards: Answer;
  /** Refused, with an id of its own. */
  refusedWithId: Answer;
  refusedId: string;
};

/** What is counted before the window is used up. */
const STEPS = 4;
/** All of it is used up. */
const MAX_LIMIT = 50;
export const MORE_THAN_REMAIN = 5;
/** Not begun so shortly before the window's end. */
const ENOUGH_SECONDS = 10;
const CLOCKS_DIFFER_SECONDS = 3;

export const RESET_HEADER = "x-ratelimit-reset";

export function spent(world: World): Promise<Spent> {
  return world.once("spent", () => spend(world));
}

/** Uses up the window of the user with the low limit. */
async function spend(world: World): Promise<Spent> {
  const user = world.as("token-low-limit");
  const { action } = world;
  const start = (data: object = {}) => user.start(action, data);
  const malformed = () => user.startWith(action, '{"data":1}');
  const id = crypto.randomUUID();
  const refusedId = crypto.randomUUID();
  const first = await firstOfWindow(world, start);
  const common = {
    first,
    malformed: await malformed(),
    started: await start({ idempotency_id: id }),
    replayed: await start({ idempotency_id: id }),
    afterRefusal: await startAfterRefusal(world, start),
  };
  const left = remaining(common.afterRefusal ?? common.replayed);
  return {
    ...common,
    atOnce: await atOnce(left + MORE_THAN_REMAIN, () => start()),
    replayedAfterwards: await start({ idempotency_id: id }),
    malformedAfterwards: await malformed(),
    refusedWithId: await start({ idempotency_id: refusedId }),
    refusedId,
  };
}

/** An answer with enough left of its window, in count and in time, for all that follows. */
async function firstOfWindow(world: World, start: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await start();
    expect.status(answer, 202, 429);
    const limit = numberIn(answer, "x-ratelimit-limit");
    if (limit <= STEPS || limit > MAX_LIMIT)
      throw new Skip(`needs a --token-low-limit with a limit_override of ${STEPS + 1} to ${MAX_LIMIT}`);
    const restSeconds = numberIn(answer, RESET_HEADER) - serverSeconds(answer);
    if (remaining(answer) >= STEPS && restSeconds > ENOUGH_SECONDS) return answer;
    await waitSeconds(world, restSeconds + 1);
  }
}

/** Only a token of this very user can show that its refusal is not counted. */
async function startAfterRefusal(world: World, start: () => Promise<Answer>): Promise<Answer | null> {
  if (world.options.given["no-scope-token"] === undefined) return null;
  if (world.claims("no-scope-token")["sub"] !== world.claims("token-low-limit")["sub"]) return null;
  await world.as("no-scope-token").start(world.action, {});
  return start();
}

type After = { retried: Answer; again: Answer; waitedSeconds: number };

export function afterTheWindow(world: World): Promise<After> {
  return world.once("after the window", async () => {
    const { refusedWithId, refusedId } = await spent(world);
    expect.status(refusedWithId, 429);
    const waitedSeconds = Number(expect.header(refusedWithId, "retry-after", /^[1-9]/));
    const passedMs = Date.now() - refusedWithId.receivedAtMs;
    await waitSeconds(world, waitedSeconds - passedMs / 1000);
    const user = world.as("token-low-limit");
    const retried = await user.start(world.action, {});
    return { retried, again: await user.start(world.action, { idempotency_id: refusedId }), waitedSeconds };
  });
}

async function waitSeconds({ options }: World, seconds: number): Promise<void> {
  if (seconds > options.maxWaitSeconds)
    throw new Skip(`waits ${Math.ceil(seconds)} s for the window's end: needs --max-wait`);
  await sleep(Math.max(0, seconds * 1000));
}

export function countedStarts(all: Spent): Answer[] {
  const { first, malformed, started, afterRefusal, atOnce: answers } = all;
  return [first, malformed, started, ...(afterRefusal === null ? [] : [afterRefusal]), ...answers];
}

export function refusals({ atOnce: answers, malformedAfterwards, refusedWithId }: Spent): Answer[] {
  return [...answers.filter(({ status }) => status !== 202), malformedAfterwards, refusedWithId];
}

/** Both families of headers, well formed and in agreement. */
export function expectFamily(answer: Answer, window: string, windowSeconds: number): void {
  const limit = numberIn(answer, "x-ratelimit-limit");
  expect.header(answer, RESET_HEADER, /^[1-9]\d{9,10}$/);
  const policy = `"${window}";q=${limit};w=${windowSeconds}`;
  expect.same("RateLimit-Policy", answer.headers.get("ratelimit-policy"), policy);
  const rest = expect.header(answer, "ratelimit", new RegExp(`^"${window}";r=${remaining(answer)};t=\\d+$`));
  expectLeadsToReset("RateLimit", answer, Number(rest.slice(rest.lastIndexOf("=") + 1)));
}

export function expectLeadsToReset(what: string, answer: Answer, seconds: number): void {
  const leadsTo = serverSeconds(answer) + seconds;
  expect.near(`the end by ${what}`, leadsTo, numberIn(answer, RESET_HEADER), CLOCKS_DIFFER_SECONDS);
}

export function remaining(answer: Answer): number {
  return numberIn(answer, "x-ratelimit-remaining");
}

export function numberIn(answer: Answer, name: string): number {
  return Number(expect.header(answer, name, /^\d+$/));
}

/** When it was answered, by the deployment's own clock where it says so. */
function serverSeconds({ headers, receivedAtMs }: Answer): number {
  const date = Date.parse(headers.get("date") ?? "");
  return (Number.isNaN(date) ? receivedAtMs : date) / 1000;
}
