// The signing keys change hands while runs with callbacks go on, step by step and with the commands of
// docs/operations.md (what each two of its steps make of each other: test/consumer/rotation.test.ts). The others keep the published keys as jose's createRemoteJWKSet does, and are stricter than it:
// they never ask before their time is over, whatever kid they meet. Receivers that verify `v1` have kept a secret, each
// with the stock libraries.
import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createRemoteJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from "jose";
import { afterEach, expect, it, vi } from "vitest";
import { endRun, startedRun } from "./support/callback-runs.ts";
import { Caller } from "./support/caller.ts";
import { PROJECT } from "./support/environment.ts";
import { forFile, userFolder } from "./support/opened.ts";
import { startProcess, until, vars } from "./support/process.ts";
import { provenRunId, publishedKeys } from "./support/proof.ts";
import { type Delivery, Receiver } from "./support/receiver.ts";
import { run as runToEnd } from "./support/run.ts";
import { secrets } from "./support/secrets.ts";
import { readSecrets, verifyByLibraries } from "./support/stock-libraries.ts";
import { Upstream, type UpstreamRun } from "./support/upstream.ts";

/** A run, and where its callback goes. */
type Case = { path: string; run: UpstreamRun };

type CachedKeys = ReturnType<typeof createRemoteJWKSet>;

const PAUSE_MS = 150;
const TRICKLE_MS = 3_000;
const WITHIN_MS = 60_000;
const HASTY = {
  RUN_POLL_SCHEDULE: 2,
  CALLBACK_RETRY_SCHEDULE: "3,3,3,3,3,3,3,3,3",
  // A machine that is busy with other tests is no upstream in trouble.
  UPSTREAM_TIMEOUT_MS: 60_000,
};

let receiversKeys: CachedKeys;
let upstreamsKeys: CachedKeys;
const paths = new Set<string>();
const refused: string[] = [];
/** Of the receivers that verify `v1`, each with one of them. */
let keptSecrets: string[] = [];

const { folder, env } = await userFolder();
await documented("console.log");
const upstream = await forFile(Upstream.listen());
const receiver = await forFile(Receiver.listen(verified));
const gateway = await forFile(startProcess({ args: await withKeys() }));
const [old] = await publishedKids();
upstream.believes = believes;
waitForTheirKeys();
const caller = await Caller.of(gateway.url, undefined, { rate_limit: { exempt: true } });

afterEach(() => {
  vi.useRealTimers();
});

it("a new signing key is published, signs, and is the only one; no start, completion or callback is refused on the way", async () => {
  const first = await readSecrets(caller);
  expect(first.also_valid).toEqual([]);
  keptSecrets = [first.secret];
  const fromBefore = await start();
  await trickle();

  await step("# 1. publish");
  const [, fresh] = await publishedKids();
  expect(await publishedKids()).toEqual([old, fresh]);
  const published = await readSecrets(caller);
  expect(published).toMatchObject({ secret: first.secret, also_valid: [expect.any(String)] });
  keptSecrets = [first.secret, ...published.also_valid];
  await trickle();
  await deliver(fromBefore);
  // A party that has kept the keys since before this step has to ask again before the next.
  waitForTheirKeys();
  await trickle();

  await step("# 2. sign");
  expect(await publishedKids()).toEqual([fresh, old]);
  const then = await readSecrets(caller);
  expect([then.secret, then.also_valid]).toEqual([published.also_valid[0], [first.secret]]);
  const fromThen = await start();
  await trickle();
  // The receivers have until the last step to take the new secret.
  keptSecrets = [then.secret];
  waitForTheirKeys();
  await trickle();

  await step("# 3. remove");
  expect(await publishedKids()).toEqual([fresh]);
  expect(await readSecrets(caller)).toMatchObject({ secret: then.secret, also_valid: [] });
  await trickle();
  await deliver(fromThen);

  expect(refused).toEqual([]);
  expect([kidAt(fromBefore), kidAt(fromThen)]).toEqual([old, fresh]);
});

it("the stock libraries refuse a callback that was forged, is old or is another user's, and a secret that was removed", async () => {
  const { secret } = await readSecrets(caller);
  const latest = await start();
  await deliver(latest);
  const [genuine = expect.fail()] = receiver.at(latest.path);
  const others = await Caller.of(gateway.url);
  const theirs = (await readSecrets(others)).secret;
  const refusal = "WebhookVerificationError: No matching signature found";
  const outdated = "WebhookVerificationError: Message timestamp too old";

  expect(verifyByLibraries(secret, genuine)).toEqual(both("verified"));
  const forged = Buffer.from(genuine.body);
  forged.write(" ", forged.length - 1);
  expect(verifyByLibraries(secret, { ...genuine, body: forged })).toEqual(both(refusal));
  for (const name of ["webhook-id", "webhook-timestamp"]) {
    const headers = new Headers(genuine.headers);
    headers.set(
      name,
      (genuine.headers.get(name) ?? "").replace(/.$/, (last) => (last === "0" ? "1" : "0")),
    );
    expect(verifyByLibraries(secret, { ...genuine, headers }), name).toEqual(both(refusal));
  }
  const [before = expect.fail()] = receiver.deliveries;
  expect(verifyByLibraries(secret, before), "of the old key alone").toEqual(both(refusal));
  expect(verifyByLibraries(theirs, genuine)).toEqual(both(refusal));
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 301_000 });
  expect(verifyByLibraries(secret, genuine)).toEqual(both(outdated));
});

/** Of the two libraries. */
function both(said: string): object {
  return { standardwebhooks: said, svix: said };
}

/** One after the other starts, ends and is told. */
async function trickle(): Promise<void> {
  const fates: Promise<string>[] = [];
  for (const endMs = performance.now() + TRICKLE_MS; performance.now() < endMs; await sleep(PAUSE_MS)) {
    fates.push(
      start()
        .then(deliver)
        .then(() => "delivered", String),
    );
  }
  expect(new Set(await Promise.all(fates))).toEqual(new Set(["delivered"]));
}

/** Runs the step's command, and restarts the gateway with the set that it made. */
async function step(name: string): Promise<void> {
  await documented(name);
  await gateway.kill("SIGKILL");
  await gateway.restart(await withKeys());
}

/** Runs the one command of the page in which this stands; what it prints is the set. */
async function documented(name: string): Promise<void> {
  const page = await readFile(join(PROJECT, "docs/operations.md"), "utf8");
  const blocks = page.split("```sh\n").map((text) => text.split("```")[0] ?? "");
  const commands = blocks.flatMap((block) => block.split(/^(?=# \d\. )/m));
  const command = commands.find((text) => text.includes(name) && text.includes("node -e"));
  const { code, stdout, stderr } = await runToEnd("sh", ["-c", command ?? ""], env, folder);
  expect([code, stderr]).toEqual([0, ""]);
  if (stdout !== "") await writeFile(keysFile(), stdout, { mode: 0o600 });
}

function keysFile(): string {
  return join(folder, "signing-keys.json");
}

async function publishedKids(): Promise<(string | undefined)[]> {
  return (await publishedKeys(gateway.url)).keys.map(({ kid }) => kid);
}

async function start(): Promise<Case> {
  const path = `/${randomUUID()}`;
  paths.add(path);
  const data = { callback_url: receiver.urlAt(path), idempotency_id: randomUUID() };
  return { path, run: await startedRun({ caller, upstream }, data, { rateLimit: "off" }) };
}

async function deliver({ path, run }: Case): Promise<void> {
  await endRun(upstream, run);
  await until("the callback", WITHIN_MS, () => receiver.at(path).length > 0);
}

/** Which key signed what came to its receiver. */
function kidAt({ path }: Case): string | undefined {
  return decodeProtectedHeader(receiver.at(path)[0]?.headers.get("callback-signature") ?? "").kid;
}

/** What a receiver does with a callback, at the moment at which it comes. */
async function verified(delivery: Delivery): Promise<number> {
  // Another gateway's callback, whose receiver had this port before.
  if (!paths.has(delivery.path)) return 404;
  const keys = receiversKeys;
  try {
    await jwtVerify(delivery.headers.get("callback-signature") ?? "", keys);
    const runId = await provenRunId(delivery, keys.jwks() ?? { keys: [] }, gateway.url);
    for (const secret of keptSecrets)
      for (const [library, said] of Object.entries(verifyByLibraries(secret, delivery)))
        if (said !== "verified") throw new Error(`${library}: ${said}`);
    if (!delivery.body.includes(`"id":"${runId}"`)) throw new Error("the proof is another run's");
    return 204;
  } catch (error) {
    refused.push(`callback to ${delivery.path}: ${String(error)}`);
    return 401;
  }
}

async function believes(token: string): Promise<boolean> {
  try {
    await jwtVerify(token, upstreamsKeys, { issuer: gateway.url, audience: "actions-upstream" });
    return true;
  } catch (error) {
    refused.push(`request: ${String(error)}`);
    return false;
  }
}

/** The time has passed for which a party keeps a set of keys: it asks for them anew. */
function waitForTheirKeys(): void {
  [receiversKeys, upstreamsKeys] = [cachedKeys(), cachedKeys()];
}

function cachedKeys(): CachedKeys {
  const url = new URL("/.well-known/jwks.json", gateway.url);
  const never = Number.POSITIVE_INFINITY;
  return createRemoteJWKSet(url, { cacheMaxAge: never, cooldownDuration: never, timeoutDuration: WITHIN_MS });
}

async function withKeys(): Promise<string[]> {
  const text = await readFile(keysFile(), "utf8");
  const { keys }: JSONWebKeySet = JSON.parse(text);
  for (const key of keys) secrets.addKey(key);
  const settings = join(folder, `${randomUUID()}.json`);
  await writeFile(settings, JSON.stringify({ SIGNING_KEYS: text }), { mode: 0o600 });
  return ["--secrets", settings, ...vars({ ...HASTY, UPSTREAM_URL: upstream.url })];
}
