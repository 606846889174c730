// What a result that is too large to be held comes to, and what stays in KV of it. The bytes on real sockets: test/flows/large-results.test.ts.
import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { base64url } from "jose";
import { afterEach, describe, expect, it } from "vitest";
import { type DeliveryDeps, deliverRun } from "../../src/callbacks/deliver-run.ts";
import type { BreakerNamespace } from "../../src/callbacks/destination-breaker.ts";
import { startV1 } from "../../src/callbacks/webhook-v1.ts";
import { keptBodyKey } from "../../src/consumer/kept-body.ts";
import {
  type LargeResult,
  type LargeResultSource,
  readLargeResult,
} from "../../src/consumer/large-result.ts";
import { problem } from "../../src/platform/errors.ts";
import { settingsOrNull } from "../../src/platform/settings.ts";
import { Timer } from "../../src/platform/timeout.ts";
import type { AttemptOutcome } from "../../src/runs/attempt.ts";
import type { ReadAnswer } from "../../src/upstream/read-run.ts";
import { ownProblem } from "../../src/upstream/upstream-problem.ts";
import { failing, replacing } from "../support/bindings.ts";
import { makeGateway } from "../support/gateway.ts";

const RUN = "7d1c9a52-0b57-4c6e-9a7d-2d3a1f6d9a10";
const KEY = keptBodyKey("user", RUN);
/** More than one block. */
const ENDED = `{"type":"run","status":"success","results":["${"x".repeat(600_000)}"]}`;
const FAILED = ENDED.replace("success", "error");
const SECRET = new Uint8Array(32).fill(7);
const HEAD = { webhookId: "run_1", timestamp: 1_793_954_977 };
const WAITING = ENDED.replace("success", "waiting");

afterEach(reset);

type Ask = LargeResultSource["ask"];

function answering(text: string, status: 200 | 202 = 200): Ask {
  return async () => {
    const { body, headers } = new Response(text, { headers: { "content-length": String(text.length) } });
    return { kind: "run", status, headers, body, waiting: status === 202 };
  };
}

const refusing = (code: "not_found" | "service_unavaiable"): Ask => {
  const error = { code, title: "no", detail: "no", source: null, meta: {} };
  // In the upstream's own words.
  const refused = { ...ownProblem(problem(code, "no")), envelope: [error] };
  const answer: ReadAnswer = { kind: "problem", problem: refused, passing: false };
  return () => Promise.resolve(answer);
};

/** Half of the result, and then nothing more, or an error. */
function halting(how: "stalls" | "breaks"): Ask {
  return async () => {
    const { readable, writable } = new IdentityTransformStream();
    const writer = writable.getWriter();
    const sent = writer.write(new TextEncoder().encode(ENDED.slice(0, 300_000)));
    sent.then(() => (how === "breaks" ? writer.abort(new Error("lost")) : undefined)).catch(() => undefined);
    return { kind: "run", status: 200, headers: new Headers(), body: readable, waiting: false };
  };
}

function unasked(): Promise<never> {
  throw new Error("the upstream is not to be asked");
}

async function read(ask: Ask, parts: Partial<LargeResultSource> = {}): Promise<LargeResult> {
  const untilMs = Date.now() + 30_000;
  const source = {
    kv: env.KV,
    userKey: "user",
    user: { issuer: "https://login.example", subject: "alice" },
    runId: RUN,
    isKept: false,
    sign: () => startV1([SECRET], HEAD),
    blockTimeoutMs: 500,
    untilMs,
    ask,
  };
  return readLargeResult({ ...source, ...parts });
}

/** Of the whole text at once. */
async function hmac(text: string): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", SECRET, algorithm, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(mac)));
}

function withKv(bindings: (env: Env) => Partial<Env>): { kv: KVNamespace } {
  const { KV = env.KV } = bindings(env);
  return { kv: KV };
}

async function readWholeBody(result: LargeResult): Promise<string> {
  if (result.kind !== "ended") throw new Error(`it is ${result.kind}`);
  let text = "";
  for await (const { bytes } of result.body.open()) text += new TextDecoder().decode(bytes);
  return text;
}

describe("a large result", () => {
  it.each([
    ["success", ENDED],
    ["error", FAILED],
  ])("that ended in %s is copied while it is read, and read again from the copy", async (status, text) => {
    const result = await read(answering(text));
    const sha256 = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    const signatures = `v1,${await hmac(`run_1.1793954977.${text}`)}`;
    expect(result).toMatchObject({
      kind: "ended",
      result: status,
      isKept: true,
      body: {
        byteLength: text.length,
        sha256: base64url.encode(new Uint8Array(sha256)),
        v1: { timestamp: 1_793_954_977, signatures },
      },
    });
    expect((await env.KV.get(KEY)) === text).toBe(true);
    expect((await readWholeBody(result)) === text).toBe(true);
  });

  it.each<[string, Ask, LargeResult]>([
    ["says 202", answering(ENDED, 202), { kind: "waiting" }],
    ["says that it waits", answering(WAITING), { kind: "waiting" }],
    ["has no status", answering(ENDED.replace("success", "done")), { kind: "unseen", unknown: false }],
    ["has no end", answering(ENDED.slice(0, -1)), { kind: "unseen", unknown: false }],
    ["breaks off", halting("breaks"), { kind: "unseen", unknown: false }],
    ["stalls", halting("stalls"), { kind: "unseen", unknown: false }],
    ["is unknown", refusing("not_found"), { kind: "unseen", unknown: true }],
    ["is out of reach", refusing("service_unavaiable"), { kind: "unseen", unknown: false }],
  ])("that %s is no end, and leaves no copy", async (_name, ask, expected) => {
    expect(await read(ask)).toEqual(expected);
    expect((await env.KV.get(KEY)) === null).toBe(true);
  });

  it("that KV has is read from there alone", async () => {
    await env.KV.put(KEY, FAILED);
    const result = await read(unasked, { isKept: true });
    const signatures = `v1,${await hmac(`run_1.1793954977.${FAILED}`)}`;
    const body = { v1: { signatures } };
    expect(result).toMatchObject({ kind: "ended", result: "error", isKept: true, body });
    expect((await readWholeBody(result)) === FAILED).toBe(true);
  });

  it.each<[string, string | null]>([
    ["is gone", null],
    ["broke off", ENDED.slice(0, 300_000)],
  ])("whose copy %s is read from the upstream and copied again", async (_name, kept) => {
    if (kept !== null) await env.KV.put(KEY, kept);
    expect(await read(answering(ENDED), { isKept: true })).toMatchObject({ kind: "ended", isKept: true });
    expect((await env.KV.get(KEY)) === ENDED).toBe(true);
  });

  it("is read from the upstream twice while KV fails", async () => {
    const result = await read(answering(ENDED), { isKept: true, ...withKv(failing(/^KV\./)) });
    expect(result).toMatchObject({ kind: "ended", isKept: false });
    expect((await readWholeBody(result)) === ENDED).toBe(true);
  });

  it("is read to its end while KV takes nothing", async () => {
    const taken: unknown[] = [];
    const hanging = replacing("KV.put", ({ args }) => {
      taken.push(args[0]);
      return new Promise(() => undefined);
    });
    const result = await read(answering(ENDED), withKv(hanging));
    expect(result).toMatchObject({ kind: "ended", isKept: false });
    expect(taken).toEqual([KEY]);
  });
});

describe("an attempt that the result itself made fail", () => {
  it.each<[string, Ask, string]>([
    ["changed", answering(FAILED), "result changed between reads"],
    ["broke off", halting("breaks"), "result could not be read"],
    ["is gone", refusing("not_found"), "result could not be read"],
  ])("says nothing of the receiver's host: it %s", async (_name, later, failure) => {
    const { outcome, reports } = await runAttempt(later, () => new Response(null, { status: 204 }));
    expect(outcome).toEqual({ kind: "failed", status: null, failure, retryAfterSeconds: null });
    expect(reports).toEqual([]);
  });

  it.each([
    [500, "failed", false],
    [204, "acknowledged", true],
  ])("is unlike one that the receiver answered with %i", async (status, kind, ok) => {
    const { outcome, reports } = await runAttempt(answering(ENDED), () => new Response(null, { status }));
    expect(outcome).toMatchObject({ kind, status });
    expect(reports).toEqual([ok]);
  });
});

/** An attempt after a failed one, for which the breaker is asked; `later`: what the upstream gives while it is made. */
async function runAttempt(
  later: Ask,
  receive: () => Response,
): Promise<{ outcome: AttemptOutcome; reports: boolean[] }> {
  const asks = [answering(ENDED), later];
  const ask: Ask = () => (asks.shift() ?? unasked)();
  const result = await read(ask, withKv(failing(/^KV\./)));
  if (result.kind !== "ended") throw new Error(`it is ${result.kind}`);
  const reports: boolean[] = [];
  const breaker = {
    acquire: async () => ({ kind: "go" }),
    report: async (_user: string, ok: boolean) => void reports.push(ok),
  };
  const network = {
    async fetch(request: Request): Promise<Response> {
      await request.arrayBuffer();
      return receive();
    },
  };
  const settings = settingsOrNull((await makeGateway()).env);
  if (settings === null) throw new Error("the settings are bad");
  const breakers: unknown = { getByName: () => breaker };
  const deps: DeliveryDeps = {
    settings,
    breakers: breakers as BreakerNamespace,
    network,
    timer: Timer.forOneWait(),
  };
  const publicUrl = "https://actions.example.com";
  const delivered = await deliverRun(deps, {
    userKey: "user",
    user: { issuer: "https://login.example", subject: "alice" },
    callbackUrl: "https://client.example/hook",
    publicUrl,
    runId: RUN,
    traceId: "0".repeat(32),
    body: result.body,
    attemptNumber: 2,
  });
  if (delivered.kind !== "attempted") throw new Error("its breaker is open");
  await delivered.reported;
  return { outcome: delivered.outcome, reports };
}
