// Users with charges and dead letters, as runs leave them in their gates, and the operators' index created anew.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, vi } from "vitest";
import { buildUserKey } from "../../src/auth/caller.ts";
import { GateClient } from "../../src/gate/client.ts";
import type { Observation, RunRules } from "../../src/runs/run.ts";
import type { Terms } from "../../src/runs/terms.ts";
import { ACTION } from "../console/bench.ts";
import { moveClock } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { CHARGE_TERMS } from "../support/terms.ts";
import { words } from "../support/words.ts";

const ISSUER = "https://login.example";
export const RULES: RunRules = { pollSchedule: [2, 300], retrySchedule: [] };

/** Before each test nothing is stored, D1 has its tables and the clock stands. */
export function freshStores(): void {
  freshForEach();
  beforeEach(() => {
    // No consumer is here: what an alarm sends is lost.
    const queue: Queue = Object.getPrototypeOf(env.RUNS);
    vi.spyOn(queue, "sendBatch").mockResolvedValue({
      metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } },
    });
  });
}

/** As an operator does who deletes the database. */
export async function loseIndex(): Promise<void> {
  const tables = words`
    epoch active_days dead_letters overdue_gates audit ended_sessions redeliveries redelivered_runs d1_migrations`;
  await env.OPERATORS_DB.batch(
    tables.map((table) => env.OPERATORS_DB.prepare(`DROP TABLE IF EXISTS ${table}`)),
  );
}

export async function readRows(sql: string): Promise<unknown[]> {
  return (await env.OPERATORS_DB.prepare(sql).all()).results;
}

export async function userKey(subject: string): Promise<string> {
  return buildUserKey(ISSUER, subject);
}

export async function gateOf(subject: string): Promise<GateClient> {
  return GateClient.ofUser(env.USER_GATE, await userKey(subject));
}

export async function stubOf(subject: string) {
  return env.USER_GATE.get(env.USER_GATE.idFromName(await userKey(subject)));
}

/** A run of this user ends in success and is charged. Says which. */
export async function charge(subject: string, terms: Partial<Terms> = {}): Promise<string> {
  return endRun(subject, terms, { attempt: null, deferral: null });
}

/** A run of this user ends in success, is charged, and its only attempt at delivery fails. */
export async function dieUndelivered(subject: string): Promise<string> {
  const failed = {
    kind: "failed",
    status: 503,
    failure: "status is no 2xx",
    retryAfterSeconds: null,
  } as const;
  const attempt = { outcome: failed, agoMs: 0, durationMs: 5 };
  return endRun(subject, { callbackUrl: "https://client.example/hook" }, { attempt, deferral: null });
}

async function endRun(
  subject: string,
  terms: Partial<Terms>,
  report: Pick<Extract<Observation, { kind: "ended" }>, "attempt" | "deferral">,
): Promise<string> {
  const gate = await gateOf(subject);
  const runId = await acceptRun(subject, terms);
  const request = { runKey: runId, notified: true, hintedRunId: null, isAlone: false, leaseMs: 1_000 };
  const taken = await gate.take(request, null, RULES);
  if (taken.kind !== "leased") throw new Error("the run is not handed out");
  const seen = { kind: "ended", runId, result: "success", readAgoMs: 0, bodyKept: false, ...report } as const;
  await gate.report(runId, taken.run.revision, seen, RULES);
  return runId;
}

/** A run of this user is answered 202. Says which. */
export async function acceptRun(subject: string, terms: Partial<Terms> = {}): Promise<string> {
  const gate = await gateOf(subject);
  const runId = crypto.randomUUID();
  const answer = { status: 202, body: "{}" };
  await gate.settle({
    runKey: runId,
    attempt: crypto.randomUUID(),
    claim: null,
    terms: { ...(await buildTerms(subject)), ...terms },
    outcome: { kind: "accepted", runId, answer },
  });
  return runId;
}

export async function buildTerms(subject: string): Promise<Terms> {
  const target = { kind: "stored", storedActionId: ACTION } as const;
  return { ...CHARGE_TERMS, userKey: await userKey(subject), issuer: ISSUER, subject, target };
}

export async function ring(subject: string): Promise<void> {
  await runDurableObjectAlarm(await stubOf(subject));
}

export async function alarmAt(subject: string): Promise<number | null> {
  return runInDurableObject(await stubOf(subject), (_gate, { storage }) => storage.getAlarm());
}

/** Lets time pass; a gate's alarm rings whenever it is due. */
export async function pass(subject: string, ms: number): Promise<void> {
  const endMs = Date.now() + ms;
  for (let rings = 0; rings < 10_000; rings += 1) {
    const ringsAtMs = await alarmAt(subject);
    if (ringsAtMs === null || ringsAtMs > endMs) return moveClock(endMs - Date.now());
    moveClock(Math.max(0, ringsAtMs - Date.now()));
    await ring(subject);
  }
  throw new Error("the alarm rings for ever");
}

/** The gates in the registry. */
export async function registered(): Promise<string[]> {
  return (await env.KV.list({ prefix: "gate:v1:" })).keys.map(({ name }) => name.slice("gate:v1:".length));
}
