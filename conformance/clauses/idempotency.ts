import { type Clause, defineClauses } from "../clause.ts";
import { at, expect, listAt, startedRun, textAt, toJson } from "../expect.ts";
import { type Answer, atOnce, type Caller } from "../http.ts";
import { expectFamily } from "../window.ts";
import type { World } from "../world.ts";

const DUPLICATES = 100;
const TOO_MANY_FAILURES = 3;
const REPLAYED = "idempotency-replayed";
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** RFC 9562, section 5.5. */
const UUID_V5 = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const MISMATCH = "idempotency-payload-mismatch";
/** The upstream's refusals that release a claim. */
const RELEASING = [402, 403, 404, 429] as const;

const clause = defineClauses("idempotency");

export const IDEMPOTENCY: readonly Clause[] = [
  clause("replay: the same id gets the same status and bytes, and Idempotency-Replayed", async (world) => {
    const { first, start } = await firstWithId(world);
    expect.noHeader(first, REPLAYED);
    expectReplay(await start(), first);
    expect.noHeader(await start(), MISMATCH);
  }),
  clause("headers: a replay has current rate-limit headers", async (world) => {
    const { first, start } = await firstWithId(world);
    if (first.headers.get("x-ratelimit-limit") === null) return;
    expectFamily(await start(), "runs", world.options.windowSeconds);
  }),
  clause("mismatch: another payload gets the same, and Idempotency-Payload-Mismatch", async (world) => {
    const { first, start } = await firstWithId(world);
    const other = await start({ inputs: { message: "another" } });
    expectReplay(other, first);
    expect.header(other, MISMATCH, /^true$/);
  }),
  clause("case: the id is compared without regard to case", async (world) => {
    const { first, start, id } = await firstWithId(world);
    const answer = await start({ idempotency_id: id.toUpperCase() });
    expectReplay(answer, first);
    expect.noHeader(answer, MISMATCH);
  }),
  clause("whose: the id belongs to the user who sent it: another user's is another one", async (world) => {
    const { first, id } = await firstWithId(world);
    const answer = await world.as("other-token").start(world.action, { inputs: {}, idempotency_id: id });
    expect.noHeader(answer, REPLAYED);
    expect.that(startedRun(answer) !== startedRun(first), "the other user got this user's run");
  }),
  clause(`at-once: ${DUPLICATES} at once with one id start one run; all get its answer`, async (world) => {
    const id = crypto.randomUUID();
    const start = () => world.caller.start(world.action, { inputs: { at: "once" }, idempotency_id: id });
    const answers = await atOnce(DUPLICATES, start);
    const [first] = answers;
    for (const answer of answers) expect.same("the answer", answer.text, first?.text);
    for (const answer of answers) expect.status(answer, 202);
    const originals = answers.filter(({ headers }) => headers.get(REPLAYED) !== "true").length;
    expect.same("the number without Idempotency-Replayed", originals, 1);
  }),
  clause("one-start: the upstream heard of those once", async (world) => {
    world.needSandbox();
    const id = crypto.randomUUID();
    await atOnce(DUPLICATES, () => world.caller.start(world.action, { idempotency_id: id }));
    expect.same("the starts that arrived", await readStarts(world, world.action, id), 1);
  }),
  clause("after-400: refused by the edge (400): no claim, a second one is judged afresh", async (world) => {
    const id = crypto.randomUUID();
    const start = (page: unknown) => world.caller.start(world.action, { page, idempotency_id: id });
    expect.status(await start(1), 400);
    const answer = await start("0");
    startedRun(answer);
    expect.noHeader(answer, REPLAYED);
  }),
  clause("after-unknown: unknown to the upstream (404): the claim is released", async (world) =>
    expectReleased(world, crypto.randomUUID(), 404),
  ),
  ...RELEASING.map((status) =>
    clause(`after-${status}: refused by the upstream (${status}): the claim is released`, async (world) =>
      expectReleased(world, world.refusing(status), status),
    ),
  ),
  clause(
    "after-failure: a 5xx: forwarded again under the same id, replayed once it passed",
    async (world) => {
      const action = world.given("flaky-action");
      const data = { inputs: { failures: TOO_MANY_FAILURES }, idempotency_id: crypto.randomUUID() };
      const start = () => world.caller.start(action, data);
      expect.status(await start(), 503);
      const second = await startUntilAccepted(start);
      expect.noHeader(second, REPLAYED);
      expectReplay(await start(), second);
      if (world.options.sandbox)
        expect.same("the runs under it", (await runsUnder(world, action, data.idempotency_id)).length, 1);
    },
  ),
  clause("always-an-id: the upstream always receives an idempotency_id", async (world) => {
    world.needSandbox();
    startedRun(await world.caller.start(world.action, {}));
    expect.match("the upstream's id", (await lastIds(world.caller)).upstreams, UUID);
  }),
  clause("scoped: the upstream's id is of the user and the caller's id (X-Idempotency-Id)", async (world) => {
    world.needSandbox();
    const id = crypto.randomUUID();
    const [first, again, others] = [
      await refusedIds(world, world.caller, id),
      await refusedIds(world, world.caller, id),
      await refusedIds(world, world.as("other-token"), id),
    ];
    for (const { callers } of [first, again, others]) expect.same("X-Idempotency-Id", callers, id);
    expect.match("the upstream's id", first.upstreams, UUID_V5);
    expect.same("the upstream's id of a second request", again.upstreams, first.upstreams);
    expect.match("the upstream's id of another user's request", others.upstreams, UUID_V5);
    expect.that(others.upstreams !== first.upstreams, "two users' ids meet at the upstream");
  }),
];

type First = { id: string; first: Answer; start: (changes?: object) => Promise<Answer> };

async function firstWithId({ caller, action }: World): Promise<First> {
  const id = crypto.randomUUID();
  const data = { inputs: { message: "first" }, idempotency_id: id };
  const start = (changes: object = {}) => caller.start(action, { ...data, ...changes });
  const first = await start();
  startedRun(first);
  return { id, first, start };
}

function expectReplay(answer: Answer, first: Answer): void {
  expect.same("the status", answer.status, first.status);
  expect.same("the body", answer.text, first.text);
  expect.header(answer, REPLAYED, /^true$/);
}

async function expectReleased(world: World, refusing: string, status: number): Promise<void> {
  const data = { inputs: {}, idempotency_id: crypto.randomUUID() };
  expect.status(await world.caller.start(refusing, data), status);
  const again = await world.caller.start(refusing, data);
  expect.status(again, status);
  expect.noHeader(again, REPLAYED);
  const answer = await world.caller.start(world.action, data);
  startedRun(answer);
  expect.noHeader(answer, REPLAYED);
}

/** However often the gateway itself tries within one request. */
async function startUntilAccepted(start: () => Promise<Answer>): Promise<Answer> {
  for (let attempts = 0; ; attempts += 1) {
    const answer = await start();
    expect.status(answer, 202, ...(attempts < TOO_MANY_FAILURES ? [503] : []));
    if (answer.status === 202) return answer;
  }
}

type Ids = { upstreams: string; callers: unknown };

/** The ids with which a start reached the upstream that is refused there, so that the next one reaches it too. */
async function refusedIds(world: World, caller: Caller, id: string): Promise<Ids> {
  expect.status(await caller.start(world.refusing(404), { inputs: {}, idempotency_id: id }), 404);
  return lastIds(caller);
}

/** The ids with which the user's last start reached the upstream. */
async function lastIds(caller: Caller): Promise<Ids> {
  const last = toJson(await caller.call("/actions/v1/sandbox/last-request"));
  const body: unknown = JSON.parse(textAt(last, "data", "body"));
  const callers = at(last, "data", "headers", "x-idempotency-id");
  return { upstreams: textAt(body, "data", "idempotency_id"), callers };
}

async function runsUnder({ caller }: World, action: string, id: string): Promise<unknown[]> {
  const answer = await caller.call(`/actions/v1/stored-actions/${action}/runs`);
  return listAt(expect.json(answer, 200), "data").filter((run) => at(run, "callers_idempotency_id") === id);
}

async function readStarts(world: World, action: string, id: string): Promise<unknown> {
  const [run, ...more] = await runsUnder(world, action, id);
  expect.same("the further runs under one id", more.length, 0);
  return at(run, "starts");
}
