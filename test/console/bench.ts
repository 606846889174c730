// Runs in their gates and rows of the operators' index as the console reads them, and an operator.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { gateId } from "../../src/gate/address.ts";
import type { UserGate } from "../../src/gate/user-gate.ts";
import type { AttemptFailure, AttemptOutcome } from "../../src/runs/attempt.ts";
import type { Terms } from "../../src/runs/terms.ts";
import { moveClock } from "../support/clock.ts";
import type { Answer, Call, Gateway } from "../support/gateway.ts";
import { NOON_MS } from "../support/operators-index.ts";
import { FULL_TERMS } from "../support/terms.ts";

export const ACTION = "11111111-2222-4333-8444-555555555555";
export const HOOK = "https://client.example/hook";
const OPERATOR = { sub: "olga", scope: "operator" };

function buildTerms(members: Partial<Terms> = {}): Terms {
  const userKey = members.userKey ?? "alice";
  return {
    ...FULL_TERMS,
    userKey,
    subject: userKey,
    target: { kind: "stored", storedActionId: ACTION },
    ...members,
  };
}

function gateOf(userKey: string): DurableObjectStub<UserGate> {
  return env.USER_GATE.get(gateId(env.USER_GATE, userKey));
}

const OUTCOMES: Record<string, AttemptOutcome> = {
  delivered: { kind: "acknowledged", status: 204 },
  aborted: { kind: "aborted", status: 410 },
  retrying: { kind: "failed", status: 503, failure: "status is no 2xx", retryAfterSeconds: null },
  dead: { kind: "failed", status: 503, failure: "status is no 2xx", retryAfterSeconds: null },
};

export type Kept = {
  terms?: Partial<Terms>;
  runId?: string;
  result?: "success" | "error";
  /** `waiting`: not ended; `abandoned`: by an operator, unread. */
  fate?: "waiting" | "retrying" | "delivered" | "aborted" | "dead" | "abandoned";
  failure?: AttemptFailure;
};

/** Has a run accepted by its user's gate now, and brings it to its fate. Says its id. */
export async function keepRun(kept: Kept = {}): Promise<string> {
  const [runId = ""] = await keepRuns(1, kept);
  return runId;
}

/** The same of many runs, one every `everyMs`; the clock has gone on by one `everyMs` after each of them. */
export async function keepRuns(n: number, kept: Kept = {}, everyMs = 0): Promise<string[]> {
  const terms = buildTerms(kept.terms);
  return runInDurableObject(gateOf(terms.userKey), async (gate: UserGate) => {
    const ids: string[] = [];
    for (let at = 0; at < n; at += 1) {
      ids.push(await keepIn(gate, terms, kept));
      if (everyMs > 0) moveClock(everyMs);
    }
    return ids;
  });
}

async function keepIn(
  gate: UserGate,
  terms: Terms,
  { runId = crypto.randomUUID(), result = "success", fate = "delivered", failure }: Kept,
): Promise<string> {
  const runKey = crypto.randomUUID();
  const outcome = { kind: "accepted", runId, answer: { status: 202, body: "{}" } } as const;
  await gate.settle({ runKey, attempt: crypto.randomUUID(), claim: null, terms, outcome });
  if (fate === "waiting") return runId;
  if (fate === "abandoned") {
    await gate.abandon(runKey);
    return runId;
  }
  const known = OUTCOMES[fate] ?? null;
  const attempted = known?.kind === "failed" && failure !== undefined ? { ...known, failure } : known;
  const attempt = attempted && { outcome: attempted, agoMs: 0, durationMs: 0 };
  const end = { kind: "ended", runId, result, readAgoMs: 0, bodyKept: false } as const;
  const retrySchedule = fate === "retrying" ? [300] : [];
  await gate.report(runKey, 0, { ...end, attempt, deferral: null }, { pollSchedule: [2], retrySchedule });
  return runId;
}

type IndexedDeadLetter = ReturnType<typeof defaultDeadLetter>;

function defaultDeadLetter(userKey: string, callbackUrl: string | null) {
  const runId: string = crypto.randomUUID();
  return {
    runId,
    gate: gateId(env.USER_GATE, userKey).toString(),
    userKey,
    subject: userKey,
    callbackUrl,
    host: callbackUrl === null ? null : new URL(callbackUrl).host,
    diedAtMs: NOON_MS,
    result: "success" as "success" | "error" | null,
    attempts: 1,
    status: null as number | null,
    reason: "no connection",
  };
}

export function toIndexedDeadLetter(members: Partial<IndexedDeadLetter> = {}): IndexedDeadLetter {
  const { userKey = "alice", callbackUrl = HOOK } = members;
  return { ...defaultDeadLetter(userKey, callbackUrl), ...members };
}

/** Tells the index of dead letters, as gates do. */
export async function indexDeadLetters(
  db: D1Database,
  deadLetters: readonly IndexedDeadLetter[],
): Promise<void> {
  const insert = db.prepare(
    `INSERT INTO dead_letters (run_id, gate, user_key, issuer, subject, stored_action_id, callback_url, host,
       accepted_at_ms, died_at_ms, result, attempts, status, reason, dismissed, seq)
     VALUES (?1, ?2, ?3, 'https://login.example', ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 0, 0)`,
  );
  await db.batch(
    deadLetters.map(({ runId, gate, userKey, subject, callbackUrl, host, diedAtMs, ...rest }) => {
      const times = [diedAtMs - 60_000, diedAtMs];
      const end = [rest.result, rest.attempts, rest.status, rest.reason];
      return insert.bind(runId, gate, userKey, subject, ACTION, callbackUrl, host, ...times, ...end);
    }),
  );
}

/** And of users who were active on a day, the first of which is 1. */
export async function indexActive(db: D1Database, month: number, day: number, users: readonly string[]) {
  const insert = db.prepare(
    "INSERT INTO active_days (month, user_key, gate, days) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET days = days | ?4",
  );
  await db.batch(
    users.map((user) => insert.bind(month, user, gateId(env.USER_GATE, user).toString(), 2 ** (day - 1))),
  );
}

export async function indexOverdue(db: D1Database, userKey: string, sinceMs: number, runs: number) {
  await db
    .prepare("INSERT INTO overdue_gates VALUES (?1, ?2, ?3, ?4, ?5, ?3)")
    .bind(gateId(env.USER_GATE, userKey).toString(), userKey, sinceMs, runs, `key of ${userKey}`)
    .run();
}

export function ask(gateway: Gateway, path: string, call: Call = {}): Promise<Answer> {
  return gateway.call(`/console/api${path}`, { claims: OPERATOR, ...call });
}

export function post(gateway: Gateway, path: string, body?: unknown, call: Call = {}): Promise<Answer> {
  const posted =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  return ask(gateway, path, { method: "POST", ...posted, ...call });
}
