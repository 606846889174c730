// docs/security.md, Callback targets, at delivery: the target may have been stored under older rules, and the receiver may
// be any host. Each attack is one run whose stored target or whose receiver is hostile; its honest twin is the same run's
// next attempt.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Drip } from "../callbacks/receiver.ts";
import { never } from "../support/bindings.ts";
import { MINUTE, stopClock } from "../support/clock.ts";
import { freshIndex } from "../support/operators-index.ts";
import { HOOK, Stage, type Started } from "../support/stage.ts";
import { words } from "../support/words.ts";
import { itAddsUp, newUser } from "./bench.ts";

const OWN = "actions.example.com";

const counts = { refused: 0, served: 0 };
let stage: Stage;
let log: string[];

beforeAll(async () => {
  await freshIndex();
  stopClock();
  log = [];
  vi.spyOn(console, "log").mockImplementation((line: unknown) => void log.push(String(line)));
  stage = await Stage.set({ PUBLIC_URL: `https://${OWN}`, CALLBACK_TIMEOUT_MS: "1000" });
});

beforeEach(() => {
  stage.receive(() => new Response(null, { status: 204 }));
});

afterAll(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await freshIndex();
});

type Sub = { sub: string };

describe("a stored target that today's rules refuse gets no request", () => {
  it.each([
    ...words`
    http://client.example/hook file:///etc/passwd javascript:fetch('https://client.example/') https:///hook
    https://user:password@client.example/ https://client.example/${"a".repeat(2026)} https://${OWN}/hook
    https://${OWN}:8443/completions/x https://127.1/ https://１２７.0.0.1/ https://10.0.0.1/ https://[::1]/
    https://169.254.169.254/latest/meta-data/ https://[::ffff:127.0.0.1]/ https://LOCALHOST.:8443/
    https://metadata.google.internal/ https://backend/`,
    "no URL at all",
    "",
  ])("%s", async (target) => {
    const user = newUser();
    const run = await stage.start({}, { claims: user });
    await storeTarget(user, target);
    await expectRefused(user, run, target);
    // The twin: the same run, its target an honest one again.
    await storeTarget(user, HOOK);
    await expectDelivered(user, run, HOOK);
  });
});

it("nor does one that its caller has sent again as a dead letter", async () => {
  const user = newUser();
  const run = await stage.start({}, { claims: user });
  await storeTarget(user, "http://127.0.0.1:9000/hook");
  await expectRefused(user, run, "http://127.0.0.1:9000/hook");
  await stage.pass(100 * 60 * MINUTE, user.sub);
  expect((await readView(user, run)).state).toBe("dead");
  expect((await stage.redeliver(run.runId, { claims: user })).status).toBe(202);
  const before = stage.received.length;
  await stage.pass(MINUTE, user.sub);
  expect(stage.received).toHaveLength(before);
  expect((await readView(user, run)).attempts.at(-1)?.error).toBe("destination refused");
  counts.refused += 1;
});

describe("a redirect leads nowhere", () => {
  it.each<[number, Record<string, string>]>([
    [301, { location: "https://127.0.0.1/" }],
    [302, { location: "http://169.254.169.254/latest/meta-data/" }],
    [307, { location: "https://elsewhere.example/hook" }],
    [308, { location: `https://${OWN}/completions/x` }],
    [302, { refresh: "0; url=https://127.0.0.1/" }],
  ])("%i %j", async (status, headers) => {
    const redirect = () => new Response("leaked", { status, headers });
    const secrets = ["leaked", "169.254", "elsewhere", "passwd"];
    await expectHarmless(redirect, { status, error: "redirect not followed" }, secrets);
  });
});

describe("what a receiver says beyond its status is thrown away", () => {
  it.each([200, 204, 404, 503])("with %i: its body, its headers, its words", async (status) => {
    const headers = { "x-secret": "leaked", "set-cookie": "leaked=1", "www-authenticate": "leaked" };
    const body = status === 204 ? null : "leaked";
    await expectHarmless(() => new Response(body, { status, statusText: "leaked", headers }), { status });
  });

  it.each([200, 404])("with %i: a body of gigabytes is cut after 16 KB", async (status) => {
    const flood = new Drip(4096, 0);
    await expectHarmless(() => new Response(flood.body, { status }), { status });
    expect([flood.cancelled, flood.sentBytes <= 20_480]).toEqual([true, true]);
  });

  it.each([200, 404])("with %i: a body of a byte now and then is cut at the time-out", async (status) => {
    const drip = new Drip(1, 50);
    await expectHarmless(() => new Response(drip.body, { status }), { status });
    expect(drip.cancelled).toBe(true);
  });

  it.each<[string, () => Promise<Response>]>([
    ["no answer in time", never],
    // Nor do the network's own words reach the caller.
    ["no connection", () => Promise.reject(new Error("connect ECONNREFUSED 10.1.2.3:5432"))],
  ])("and one without an answer is given up: %s", (error, receive) =>
    // The log may have the network's own words.
    expectHarmless(receive, { status: null, error }, ["10.1.2.3"], []),
  );
});

itAddsUp(counts, { refused: 36, served: 34 });

/** A run whose receiver answers so at its first attempt: nothing comes of it but that. The twin: the receiver is honest again. */
async function expectHarmless(
  receive: () => Response | Promise<Response>,
  attempt: { status: number | null; error?: string },
  secrets = ["leaked"],
  logged = log,
): Promise<void> {
  const user = newUser();
  const run = await stage.start({}, { claims: user });
  stage.receive(receive);
  const before = stage.received.length;
  await stage.finish(run);
  stage.receive(() => new Response(null, { status: 204 }));
  expect(stage.received.slice(before).map(({ url }) => url)).toEqual([HOOK]);
  expect((await readView(user, run)).attempts).toMatchObject([attempt]);
  await expectUnseen(user, run, secrets, logged);
  counts.refused += 1;
  await expectDelivered(user, run, HOOK);
}

/** The run's end comes, and no host is asked anything. */
async function expectRefused(user: Sub, run: Started, target: string): Promise<void> {
  const before = stage.received.length;
  await stage.finish(run);
  expect(stage.received).toHaveLength(before);
  expect(await readView(user, run)).toMatchObject({
    state: "retrying",
    callback_url: target,
    attempts: [{ number: 1, status: null, duration_ms: 0, error: "destination refused" }],
  });
  counts.refused += 1;
}

/** What is left of the schedule's first pause goes by; a run that was told already is sent again. */
async function expectDelivered(user: Sub, run: Started, url: string): Promise<void> {
  if ((await readView(user, run)).state === "delivered") await stage.redeliver(run.runId, { claims: user });
  const before = stage.received.length;
  await stage.pass(2 * MINUTE, user.sub);
  expect(stage.received.slice(before).map((received) => received.url)).toEqual([url]);
  expect((await readView(user, run)).state).toBe("delivered");
  counts.served += 1;
}

/** Neither in what the caller can ask for, nor on record, nor in KV, nor in the log. */
async function expectUnseen(user: Sub, run: Started, secrets: string[], logged: string[]): Promise<void> {
  const { text } = await stage.deliveries(run.runId, { claims: user });
  const { keys } = await env.KV.list();
  const kept = await Promise.all(keys.map(({ name }) => env.KV.get(name)));
  const everything = JSON.stringify([text, await stage.records(), kept, logged]);
  for (const secret of secrets) expect(everything).not.toContain(secret);
}

async function readView(user: Sub, { runId }: Started) {
  return (await stage.deliveries(runId, { claims: user })).body.data;
}

/** As if it had been accepted under rules of the past. */
async function storeTarget({ sub }: Sub, target: string): Promise<void> {
  await runInDurableObject(await stage.gateway.gateOf(sub), (_gate, { storage }) => {
    storage.sql.exec("UPDATE open_runs SET record = json_set(record, '$.terms.callbackUrl', ?)", target);
  });
}
