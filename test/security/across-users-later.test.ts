// docs/security.md, Across users, once a run is under way: its deliveries, its charges and its callback are its own
// user's, and nothing that one user's runs, receivers or results do keeps another's waiting.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { buildUserKey } from "../../src/auth/caller.ts";
import { gateId } from "../../src/gate/address.ts";
import { encodeUsageCursor } from "../../src/http/usage-cursor.ts";
import { evict } from "../support/evict.ts";
import { freshForEach } from "../support/fresh.ts";
import { until } from "../support/gate.ts";
import type { Answer } from "../support/gateway.ts";
import { Stage, type Started } from "../support/stage.ts";
import { times } from "../support/times.ts";
import { json } from "../support/upstream.ts";
import { expectProblem, itAddsUp } from "./bench.ts";
import { newUser, one, PAIRS, shadow, two, type User } from "./users.ts";

const SPAN = "from=2039-01-01T00:00:00Z&to=2041-01-01T00:00:00Z";

const counts = { refused: 0, served: 0 };
let stage: Stage;

freshForEach();
beforeEach(async () => {
  stage = await Stage.set({}, undefined, { issuer: one, moreIssuers: [two, shadow] });
});

describe("what became of a run is told to its own user alone", () => {
  it.each(PAIRS)("%s", async (_name, buildPair) => {
    const [a, b] = buildPair(crypto.randomUUID());
    const run = await stage.finish(await stage.start({}, a));
    const others = await stage.finish(await stage.start({}, b));
    const [shown] = (await usage(a)).body.data;

    expectProblem(await stage.deliveries(run.runId, b), 404, null);
    expectProblem(await stage.redeliver(run.runId, b), 404, null);
    await Promise.all([ring(a), ring(b)]);
    await stage.drain();
    expect(stage.received).toHaveLength(2);
    for (const query of ["", `&cursor=${cursorBefore(shown?.charged_at ?? "")}`]) {
      const page = (await usage(b, query)).body.data;
      expect(page.map((charge) => charge.run_id)).toEqual([others.runId]);
    }
    counts.refused += 4;

    expect((await stage.deliveries(run.runId, a)).body.data.state).toBe("delivered");
    expect(shown?.run_id).toBe(run.runId);
    expect((await stage.redeliver(run.runId, a)).status).toBe(202);
    await ring(a);
    await stage.drain();
    expect(stage.received.map(({ body }) => JSON.parse(body).id)).toEqual([
      run.runId,
      others.runId,
      run.runId,
    ]);
    counts.served += 3;
  });
});

describe("on a host that both are called at, one's failures do not stop the other's callbacks", () => {
  it.each([302, 404, 410, 429, 500, 503])("%i", async (status) => {
    const [a, b] = [newUser(one), newUser(one)];
    const host = `https://shared-${status}.example`;
    stage.receive(({ url }) => new Response(null, { status: url.endsWith("/a") ? status : 204 }));
    for (const _ of times(12, () => 0)) await started(a, `${host}/a`).then((run) => stage.push(run));
    await stage.drain();
    counts.refused += 12;
    await expectDeliveredAtOnce(b, `${host}/b`);
  });
});

describe("one user's trouble keeps no other user's run waiting, not even in the same batch", () => {
  it.each<
    [string, of: "receiver" | "upstream", answer: (release: Promise<void>) => Response | Promise<Response>]
  >([
    ["a receiver that does not answer", "receiver", (release) => release.then(ok)],
    ["a receiver that fails", "receiver", () => new Response(null, { status: 503 })],
    ["an upstream that does not answer for it", "upstream", (release) => release.then(ok)],
    ["an upstream that breaks off", "upstream", () => Promise.reject(new Error("lost"))],
    ["a result that does not end", "upstream", (release) => new Response(endingWith(release))],
    ["a result of 25 MB", "upstream", () => new Response(" ".repeat(25_000_000))],
    ["a result that is no JSON", "upstream", () => new Response("<html>")],
    ["a run that the upstream has lost", "upstream", () => json(404, {})],
  ])("%s", async (_name, troubled, answer) => {
    const ofA = await started(newUser(one), "https://a.example/a");
    const ofB = await started(newUser(one), "https://b.example/b");
    const { promise: release, resolve } = Promise.withResolvers<void>();
    if (troubled === "upstream") setReads(ofA.runId, () => answer(release));
    else stage.receive(({ url }) => (url.endsWith("/a") ? answer(release) : ok()));
    await stage.push(ofA);
    await stage.push(ofB);
    const consumed = stage.consume(stage.queue.take());
    // What hangs is let go only when the other has been told.
    await until(() => stage.received.some(({ url }) => url === "https://b.example/b"));
    counts.refused += 1;
    counts.served += 1;
    resolve();
    await consumed;
  });

  it("an object that does not start is its own user's alone", async () => {
    const [a, b] = [newUser(one), newUser(one)];
    await started(a, "https://a.example/a");
    await spoil(a);
    const refused = await stage.tryStart({}, { ...a, circumstances: { rateLimit: "off" } });
    expectProblem(refused, 503, null);
    counts.refused += 1;
    await expectDeliveredAtOnce(b, "https://b.example/b");
  });
});

itAddsUp(counts, { refused: 177, served: 87 });

function started(by: User, callbackUrl: string): Promise<Started> {
  const claims = { ...by.claims, rate_limit: { exempt: true } };
  const circumstances = { rateLimit: "off" } as const;
  return stage.start({ callback_url: callbackUrl }, { ...by, claims, circumstances });
}

/** The honest twin: told without a pause, whatever the others are up to. */
async function expectDeliveredAtOnce(by: User, callbackUrl: string): Promise<void> {
  const run = await stage.finish(await started(by, callbackUrl));
  expect(stage.received.at(-1)?.url).toBe(callbackUrl);
  expect((await stage.deliveries(run.runId, by)).body.data.state).toBe("delivered");
  counts.served += 1;
}

function endingWith(release: Promise<void>): ReadableStream {
  return new ReadableStream({ type: "bytes", pull: (controller) => release.then(() => controller.close()) });
}

function ok(): Response {
  return new Response(null, { status: 204 });
}

/** From now on the upstream answers a read of this run so, and is honest about all the others. */
function setReads(runId: string, answer: () => Response | Promise<Response>): void {
  stage.gateway.upstream.behave(({ method, path }, honest) =>
    method === "GET" && path.endsWith(runId) ? answer() : honest(),
  );
}

function usage(by: User, query = ""): Promise<Answer> {
  return stage.gateway.call(`/usage?${SPAN}${query}`, by);
}

/** What stands before another's charge, as any caller can write it. */
function cursorBefore(chargedAt: string): string {
  return encodeUsageCursor(Date.parse(chargedAt) - 1);
}

async function gateOf({ issuer, claims }: User) {
  return env.USER_GATE.get(gateId(env.USER_GATE, await buildUserKey(issuer.issuer, claims.sub)));
}

async function ring(by: User): Promise<void> {
  await runDurableObjectAlarm(await gateOf(by));
}

/** Rows that this version cannot read. */
async function spoil(by: User): Promise<void> {
  const gate = await gateOf(by);
  await runInDurableObject(gate, (_gate, { storage }) =>
    storage.sql.exec("UPDATE open_runs SET counted = 'of a later version'"),
  );
  await evict(gate);
}
