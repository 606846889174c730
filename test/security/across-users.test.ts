// docs/security.md, Across users: no user sees, replays, waits on or exhausts what is another's. A user is the pair
// (issuer, subject), however either is spelled.
import { base64url } from "jose";
import { describe, expect, it } from "vitest";
import { forgetAnswers } from "../support/forget.ts";
import { until } from "../support/gate.ts";
import { ACTION, type Answer, buildStart, type Call, type Gateway, makeGateway } from "../support/gateway.ts";
import { statuses, times } from "../support/times.ts";
import { errorBody, type FakeUpstream, json } from "../support/upstream.ts";
import { itAddsUp, readRemaining } from "./bench.ts";
import { readIdentity } from "./identity.ts";
import { newUser, one, PAIRS, shadow, two, type User } from "./users.ts";

const LIMIT = 3;
const STORED = `/actions/v1/stored-actions/${ACTION}`;

const counts = { refused: 0, served: 0 };
const gateway = await makeShared();

async function makeShared(): Promise<Gateway> {
  const vars = { RATE_LIMIT_DEFAULT: String(LIMIT), READ_LIMIT: "4" };
  const shared = await makeGateway(vars, undefined, { issuer: one, moreIssuers: [two, shadow] });
  keepRunsApart(shared.upstream);
  return shared;
}

describe("nothing of one user is another's: neither an id, nor a run, nor a window", () => {
  it.each(PAIRS)("%s", async (_name, buildPair) => {
    await expectStrangers(...buildPair(crypto.randomUUID()));
  });

  it("whatever the action and however the id is written", async () => {
    const [a, b] = [newUser(one), newUser(one)];
    const id = crypto.randomUUID();
    const first = await start(a, { idempotency_id: id });
    const other = `/actions/v1/stored-actions/${crypto.randomUUID()}/run`;
    const call = buildStart({ idempotency_id: id.toUpperCase() });
    const foreign = await gateway.call(other, { ...call, ...b });
    expect([foreign.status, foreign.headers.get("idempotency-replayed")]).toEqual([202, null]);
    expect(foreign.body.data.id).not.toBe(first.body.data.id);
    counts.refused += 1;
    // The twin: to its owner the id is known, whatever it is sent for.
    const own = await gateway.call(other, { ...call, ...a });
    expect([own.text, own.headers.get("idempotency-replayed")]).toEqual([first.text, "true"]);
    counts.served += 1;
  });
});

it("what KV keeps for one user is not given to another", async () => {
  const [a, b] = [newUser(one), newUser(one)];
  const id = crypto.randomUUID();
  const first = await start(a, { idempotency_id: id });
  await forget(a);

  const foreign = await start(b, { idempotency_id: id });
  expect([foreign.status, foreign.headers.get("idempotency-replayed")]).toEqual([202, null]);
  expect(foreign.body.data.id).not.toBe(first.body.data.id);
  counts.refused += 1;

  const replay = await start(a, { idempotency_id: id });
  expect([replay.text, replay.headers.get("idempotency-replayed")]).toEqual([first.text, "true"]);
  counts.served += 1;
});

it("no user waits for another's run", async () => {
  const [a, b] = [newUser(one), newUser(two)];
  const id = crypto.randomUUID();
  const busy = await makeShared();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  busy.upstream.behave((_asked, honest) =>
    busy.upstream.starts.length === 1 ? released.then(honest) : honest(),
  );
  const first = start(a, { idempotency_id: id }, {}, busy);
  await until(() => busy.upstream.starts.length === 1);
  // A's own duplicate waits; B, with the same id, is served meanwhile, and so is a malformed request of B's.
  const duplicate = start(a, { idempotency_id: id }, {}, busy);
  const foreign = await start(b, { idempotency_id: id }, {}, busy);
  expect([foreign.status, foreign.headers.get("idempotency-replayed")]).toEqual([202, null]);
  const malformed = await start(b, { idempotency_id: crypto.randomUUID(), page: 0 }, {}, busy);
  expect(malformed.status).toBe(400);
  counts.refused += 1;

  release();
  const [answered, replayed] = await Promise.all([first, duplicate]);
  expect([answered.status, replayed.text]).toEqual([202, answered.text]);
  expect(replayed.headers.get("idempotency-replayed")).toBe("true");
  expect(foreign.body.data.id).not.toBe(answered.body.data.id);
  counts.served += 1;
});

describe("no user exhausts another's window", () => {
  it("of reads", async () => {
    const [a, b] = [newUser(one), newUser(one)];
    const run = (await start(b, {})).body.data.id;
    const path = `${STORED}/runs/${run}`;
    const upstream = { circumstances: { errorFrom: "upstream" } } as const;
    const flood = await Promise.all(times(6, () => gateway.call(path, { ...a, ...upstream })));
    expect(statuses(flood)).toEqual({ 404: 4, 429: 2 });
    const read = await gateway.call(path, b);
    expect([read.status, readRemaining(read)]).toEqual([200, 3]);
    counts.refused += 2;
    counts.served += 1;
  });

  it("an exempt user lifts no other user's limit", async () => {
    const [a, b] = [newUser(one), newUser(one)];
    const exempt = { ...a, claims: { ...a.claims, rate_limit: { exempt: true } } };
    for (let i = 0; i <= LIMIT; i++) {
      const answer = await start(exempt, {}, { circumstances: { rateLimit: "off" } });
      expect(answer.status).toBe(202);
      counts.served += 1;
    }
    const limited = await Promise.all(times(LIMIT + 1, () => start(b, {})));
    expect(statuses(limited)).toEqual({ 202: LIMIT, 429: 1 });
    counts.refused += 1;
  });
});

itAddsUp(counts, { refused: 102, served: 104 });

async function expectStrangers(a: User, b: User): Promise<void> {
  const runs = await expectOwnIds(a, b);
  await expectOwnRun(a, b, runs.ofA);
  await expectOwnWindow(a, b);
}

/** A's id in B's hands starts B's own run, and each is told its own answer ever after. */
async function expectOwnIds(a: User, b: User): Promise<{ ofA: string }> {
  const id = crypto.randomUUID();
  const first = await start(a, { idempotency_id: id, inputs: { secret: "of a" } });
  expect([first.status, readRemaining(first)]).toEqual([202, LIMIT - 1]);

  const foreign = await start(b, { idempotency_id: id });
  expect([foreign.status, readRemaining(foreign)]).toEqual([202, LIMIT - 1]);
  expect(foreign.headers.get("idempotency-replayed")).toBeNull();
  expect(foreign.headers.get("idempotency-payload-mismatch")).toBeNull();
  expect(foreign.body.data.id).not.toBe(first.body.data.id);
  const askedAs = await Promise.all(
    gateway.upstream.starts.slice(-2).map((asked) => readIdentity(gateway, asked)),
  );
  expect(askedAs.map(({ sub_id }) => sub_id)).toEqual([buildName(a), buildName(b)]);
  counts.refused += 1;

  for (const [owner, answer] of [
    [a, first],
    [b, foreign],
  ] as const) {
    const replay = await start(owner, { idempotency_id: id });
    expect(replay.text).toBe(answer.text);
    expect(replay.headers.get("idempotency-replayed")).toBe("true");
    counts.served += 1;
  }
  return { ofA: first.body.data.id };
}

/** A read goes to the upstream in the reader's own identity, so B is told that there is no such run. */
async function expectOwnRun(a: User, b: User, run: string): Promise<void> {
  const path = `${STORED}/runs/${run}`;
  const stolen = await gateway.call(path, { ...b, circumstances: { errorFrom: "upstream" } });
  expect(stolen.status).toBe(404);
  expect(stolen.text).not.toContain(run);
  expect((await readIdentity(gateway, gateway.upstream.asked.at(-1))).sub_id).toEqual(buildName(b));
  counts.refused += 1;

  const own = await gateway.call(path, a);
  expect([own.status, own.body.id]).toEqual([200, run]);
  expect((await readIdentity(gateway, gateway.upstream.asked.at(-1))).sub_id).toEqual(buildName(a));
  counts.served += 1;
}

/** Both have started one run. A floods; B has what it had. */
async function expectOwnWindow(a: User, b: User): Promise<void> {
  const flood = await Promise.all(times(LIMIT + 1, () => start(a, {})));
  expect(statuses(flood)).toEqual({ 202: 2, 429: 2 });
  counts.refused += 2;
  expect(readRemaining(await start(b, {}))).toBe(LIMIT - 2);
  counts.served += 1;
}

/** A gate that knows nothing any more, as hours later: only KV has the answer. */
async function forget({ claims }: User): Promise<void> {
  await forgetAnswers(await gateway.gateOf(claims.sub));
}

/** RFC 9493, as the gateway asserts it. */
function buildName({ issuer, claims }: User): object {
  return { format: "iss_sub", iss: issuer.issuer, sub: claims.sub };
}

function start(by: User, data: unknown, call: Call = {}, at: Gateway = gateway): Promise<Answer> {
  return at.start(data, { ...by, ...call });
}

/** As ours is expected to do: the upstream lets a run be read only by whom the gateway's token names. */
function keepRunsApart(upstream: FakeUpstream): void {
  const owned = new Set<string>();
  upstream.behave(async ({ method, path, headers }, honest) => {
    const nameAs = (id = "") => JSON.stringify([parseOwner(headers), id]);
    if (method !== "POST")
      return owned.has(nameAs(path.split("/").at(-1))) ? honest() : json(404, errorBody(404, "not_found"));
    const answer = honest();
    const { data }: { data: { id: string } } = await answer.clone().json();
    owned.add(nameAs(data.id));
    return answer;
  });
}

function parseOwner(headers: Headers): unknown {
  const payload = headers.get("authorization")?.split(".")[1] ?? "";
  const claims: { sub_id: unknown } = JSON.parse(new TextDecoder().decode(base64url.decode(payload)));
  return claims.sub_id;
}
