import { type Clause, defineClauses, Skip } from "../clause.ts";
import { at, expect, listAt, startedRun, toJson } from "../expect.ts";
import type { Answer } from "../http.ts";
import { parseLimit } from "../token-claims.ts";
import { expectFamily, numberIn, RESET_HEADER, remaining } from "../window.ts";
import type { World } from "../world.ts";
import { expectUpstreamError } from "./errors.ts";
import { endedRun, startOneOff } from "./start.ts";

const SLOW_SECONDS = 2;
/** Far longer than what waits for it. */
const VERY_SLOW_SECONDS = 20;
/** So long that an answer which is late by chance is not taken for one that was held. */
const WAIT_SECONDS = 3;
const EARLY_MS = 100;
const LATE_MS = 5_000;

const clause = defineClauses("read");

export const READ: readonly Clause[] = [
  clause("ended: 200 when the run has ended: type, id, status, results, next_page, errors", async (world) => {
    const { run, answer } = await endedEcho(world);
    expect.header(answer, "content-type", /^application\/json\b/);
    const body = toJson(answer);
    expect.members(body, { type: "run", id: run, status: "success" });
    expect.same("the number of results", listAt(body, "results").length, 1);
    expect.same("the number of errors", listAt(body, "errors").length, 0);
    expect.that(at(body, "next_page") !== undefined, "there is no next_page");
  }),
  clause("stable: read again, it is the same byte for byte", async (world) => {
    const { run, answer } = await endedEcho(world);
    const again = await world.caller.read(world.action, run);
    expect.same("the body", again.text, answer.text);
  }),
  clause("waiting: 202 (some upstreams: 200) while its status is waiting", async (world) => {
    const { action, run } = await slowRun(world, VERY_SLOW_SECONDS);
    const answer = await world.caller.read(action, run);
    expect.members(expect.json(answer, 202, 200), { status: "waiting" });
  }),
  clause('failed: a failed run is a 200 with "status":"error" and errors', async (world) => {
    const body = toJson((await endedRun(world.caller, world.given("failing-action"), {})).answer);
    expect.members(body, { status: "error" });
    expect.that(listAt(body, "errors").length > 0, "errors is empty");
  }),
  clause("one-off: GET /actions/v1/runs/{run_id} wraps the run in data", async (world) => {
    const run = startedRun(await startOneOff(world));
    const answer = await world.caller.call(`/actions/v1/runs/${run}?wait_seconds=20`);
    expect.members(at(expect.json(answer, 200), "data"), { id: run });
  }),
  clause("wait: wait_seconds holds the request until the run has ended", async (world) => {
    const { action, run } = await slowRun(world, SLOW_SECONDS);
    const answer = await world.caller.read(action, run, "?wait_seconds=20");
    expect.members(expect.json(answer, 200), { status: "success" });
    const atMost = SLOW_SECONDS * 1000 + LATE_MS;
    expect.that(answer.tookMs < atMost, `it took ${Math.round(answer.tookMs)} ms for ${SLOW_SECONDS} s`);
  }),
  clause("wait-over: … or until the seconds are over", async (world) => {
    const { action, run } = await slowRun(world, VERY_SLOW_SECONDS);
    const answer = await world.caller.read(action, run, `?wait_seconds=${WAIT_SECONDS}`);
    expect.members(expect.json(answer, 202, 200), { status: "waiting" });
    const lateMs = answer.tookMs - WAIT_SECONDS * 1000;
    expect.that(lateMs > -EARLY_MS && lateMs < LATE_MS, `it was held for ${Math.round(answer.tookMs)} ms`);
  }),
  clause("wait-range: wait_seconds is 0 to 30; out of range: 400", async (world) => {
    const { run } = await endedEcho(world);
    for (const good of ["0", "30"])
      expect.status(await world.caller.read(world.action, run, `?wait_seconds=${good}`), 200);
    for (const bad of ["31", "-1", "1.5", "soon"])
      expect.error(await world.caller.read(world.action, run, `?wait_seconds=${bad}`), 400, "bad_request");
  }),
  clause("path-id: a path id that is no UUID: 400", async ({ caller, action }) => {
    expect.error(await caller.read(action, "no-uuid"), 400, "bad_request");
  }),
  clause("unknown: a run that the upstream does not know: 404 not_found, or its own code", async (world) => {
    expectUpstreamError(world, await world.caller.read(world.action, crypto.randomUUID()), 404);
  }),
  clause("whose: another user's run is not shown", async (world) => {
    const { run } = await endedEcho(world);
    expect.status(await world.as("other-token").read(world.action, run), 404, 403);
  }),
  clause('window: reads are counted in a window of their own, "results"', async (world) => {
    const { readLimit, windowSeconds } = world.options;
    if (readLimit === 0) throw new Skip("--read-limit 0: reads are not counted");
    if (parseLimit(world.given("other-token")) === 0) throw new Skip("--other-token is exempt");
    const [first, second, start, third] = await readsOfOne(world);
    for (const read of [first, second, third]) expectFamily(read, "results", windowSeconds);
    expect.same("X-RateLimit-Limit", numberIn(first, "x-ratelimit-limit"), readLimit);
    expect.same("Remaining after a read", remaining(second), remaining(first) - 1);
    expectFamily(start, "runs", windowSeconds);
    expect.same("Remaining after a start and a read", remaining(third), remaining(first) - 2);
  }),
];

/** Of a user who does nothing else meanwhile; once more when its window ended between them. */
async function readsOfOne(world: World, mayRepeat = true): Promise<[Answer, Answer, Answer, Answer]> {
  const user = world.as("other-token");
  const read = () => user.read(world.action, crypto.randomUUID());
  const [first, second] = [await read(), await read()];
  const [start, third] = [await user.start(world.action, {}), await read()];
  const [before, after] = [first, third].map(({ headers }) => headers.get(RESET_HEADER));
  return mayRepeat && before !== after ? readsOfOne(world, false) : [first, second, start, third];
}

function endedEcho(world: World): Promise<{ run: string; answer: Answer }> {
  const data = { inputs: { message: "read me" } };
  return world.once("ended echo", () => endedRun(world.caller, world.action, data));
}

async function slowRun(world: World, seconds: number): Promise<{ action: string; run: string }> {
  const { action, inputs } = world.slow(seconds);
  return { action, run: startedRun(await world.caller.start(action, { inputs })) };
}
