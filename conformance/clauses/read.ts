import { type Clause, Skip } from "../clause.ts";
import {
  at,
  eventually,
  expectError,
  expectHeader,
  expectSame,
  expectStatus,
  expectThat,
  listAt,
  startedRun,
  toJson,
} from "../expect.ts";
import type { Answer } from "../http.ts";
import { parseLimit } from "../token-claims.ts";
import { expectFamily, numberIn, remaining } from "../window.ts";
import type { World } from "../world.ts";
import { expectUpstreamError } from "./errors.ts";
import { ended, startOneOff } from "./start.ts";

const SLOW_SECONDS = 2;
/** Far longer than what waits for it. */
const VERY_SLOW_SECONDS = 20;
/** So long that an answer which is late by chance is not taken for one that was held. */
const WAIT_SECONDS = 3;
const EARLY_MS = 100;
const LATE_MS = 5_000;

export const READ: readonly Clause[] = [
  {
    id: "read.ended",
    text: "200 when the run has ended: type, id, status, results, next_page, errors",
    check: async (world) => {
      const { run, answer } = await endedEcho(world);
      expectHeader(answer, "content-type", /^application\/json\b/);
      const body = toJson(answer);
      expectSame("type", at(body, "type"), "run");
      expectSame("id", at(body, "id"), run);
      expectSame("status", at(body, "status"), "success");
      expectSame("the number of results", listAt(body, "results").length, 1);
      expectSame("the number of errors", listAt(body, "errors").length, 0);
      expectThat(at(body, "next_page") !== undefined, "there is no next_page");
    },
  },
  {
    id: "read.stable",
    text: "read again, it is the same byte for byte",
    check: async (world) => {
      const { run, answer } = await endedEcho(world);
      const again = await world.caller.read(world.action, run);
      expectSame("the body", again.text, answer.text);
    },
  },
  {
    id: "read.waiting",
    text: "202 (some upstreams: 200) while its status is waiting",
    check: async (world) => {
      const { action, run } = await slowRun(world, VERY_SLOW_SECONDS);
      const answer = await world.caller.read(action, run);
      expectStatus(answer, 202, 200);
      expectSame("status", at(toJson(answer), "status"), "waiting");
    },
  },
  {
    id: "read.failed",
    text: 'a failed run is a 200 with "status":"error" and errors',
    check: async (world) => {
      const action = world.failingAction();
      const run = startedRun(await world.caller.start(action, {}));
      const body = toJson(await ended(world.caller, action, run));
      expectSame("status", at(body, "status"), "error");
      expectThat(listAt(body, "errors").length > 0, "errors is empty");
    },
  },
  {
    id: "read.one-off",
    text: "GET /actions/v1/runs/{run_id} wraps the run in data",
    check: async (world) => {
      const run = startedRun(await startOneOff(world));
      const answer = await world.caller.call(`/actions/v1/runs/${run}?wait_seconds=20`);
      expectStatus(answer, 200);
      expectSame("data.id", at(toJson(answer), "data", "id"), run);
    },
  },
  {
    id: "read.wait",
    text: "wait_seconds holds the request until the run has ended",
    check: async (world) => {
      const { action, run } = await slowRun(world, SLOW_SECONDS);
      const answer = await world.caller.read(action, run, "?wait_seconds=20");
      expectStatus(answer, 200);
      expectSame("status", at(toJson(answer), "status"), "success");
      const atMost = SLOW_SECONDS * 1000 + LATE_MS;
      expectThat(answer.tookMs < atMost, `it took ${Math.round(answer.tookMs)} ms for ${SLOW_SECONDS} s`);
    },
  },
  {
    id: "read.wait-over",
    text: "… or until the seconds are over",
    check: async (world) => {
      const { action, run } = await slowRun(world, VERY_SLOW_SECONDS);
      const answer = await world.caller.read(action, run, `?wait_seconds=${WAIT_SECONDS}`);
      expectStatus(answer, 202, 200);
      expectSame("status", at(toJson(answer), "status"), "waiting");
      const lateMs = answer.tookMs - WAIT_SECONDS * 1000;
      expectThat(lateMs > -EARLY_MS && lateMs < LATE_MS, `it was held for ${Math.round(answer.tookMs)} ms`);
    },
  },
  {
    id: "read.wait-range",
    text: "wait_seconds is 0 to 30; out of range: 400",
    check: async (world) => {
      const { run } = await endedEcho(world);
      for (const good of ["0", "30"])
        expectStatus(await world.caller.read(world.action, run, `?wait_seconds=${good}`), 200);
      for (const bad of ["31", "-1", "1.5", "soon"]) {
        const answer = await world.caller.read(world.action, run, `?wait_seconds=${bad}`);
        expectError(answer, 400, "bad_request");
      }
    },
  },
  {
    id: "read.path-id",
    text: "a path id that is no UUID: 400",
    check: async ({ caller, action }) => {
      expectError(await caller.read(action, "no-uuid"), 400, "bad_request");
    },
  },
  {
    id: "read.unknown",
    text: "a run that the upstream does not know: 404 not_found, or its own code",
    check: async (world) => {
      const answer = await world.caller.read(world.action, crypto.randomUUID());
      expectUpstreamError(world, answer, 404);
    },
  },
  {
    id: "read.whose",
    text: "another user's run is not shown",
    check: async (world) => {
      const { run } = await endedEcho(world);
      expectStatus(await world.as("other-token").read(world.action, run), 404, 403);
    },
  },
  {
    id: "read.window",
    text: 'reads are counted in a window of their own, "results"',
    check: async (world) => {
      const { readLimit, windowSeconds } = world.options;
      if (readLimit === 0) throw new Skip("--read-limit 0: reads are not counted");
      if (parseLimit(world.token("other-token")) === 0) throw new Skip("--other-token is exempt");
      const [first, second, start, third] = await readsOfOne(world);
      for (const read of [first, second, third]) expectFamily(read, "results", windowSeconds);
      expectSame("X-RateLimit-Limit", numberIn(first, "x-ratelimit-limit"), readLimit);
      expectSame("Remaining after a read", remaining(second), remaining(first) - 1);
      expectFamily(start, "runs", windowSeconds);
      expectSame("Remaining after a start and a read", remaining(third), remaining(first) - 2);
    },
  },
];

type Four = [Answer, Answer, Answer, Answer];

/** Of a user who does nothing else meanwhile; once more when its window ended between them. */
function readsOfOne(world: World): Promise<Four> {
  const user = world.as("other-token");
  const read = () => user.read(world.action, crypto.randomUUID());
  const all = async (): Promise<Four> => [
    await read(),
    await read(),
    await user.start(world.action, {}),
    await read(),
  ];
  return eventually(1, async () => {
    const four = await all();
    const isOneWindow = resetOf(four[0]) === resetOf(four[3]);
    return isOneWindow ? four : all();
  });
}

function resetOf({ headers }: Answer): string | null {
  return headers.get("x-ratelimit-reset");
}

function endedEcho(world: World): Promise<{ run: string; answer: Answer }> {
  return world.once("ended echo", async () => {
    const run = startedRun(await world.caller.start(world.action, { inputs: { message: "read me" } }));
    return { run, answer: await ended(world.caller, world.action, run) };
  });
}

async function slowRun(world: World, seconds: number): Promise<{ action: string; run: string }> {
  const { action, inputs } = world.slow(seconds);
  return { action, run: startedRun(await world.caller.start(action, { inputs })) };
}
