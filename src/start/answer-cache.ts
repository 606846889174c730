// The copy of answers in KV, readable next to the caller anywhere, for 72 hours. The gate decides who runs, so a failing or
// late KV costs a look-up, never a second run.

import { isObject } from "../platform/json.ts";
import { logStorageFailure } from "../platform/observability/isolate-sums.ts";
import { type Timer, withTimeout } from "../platform/timeout.ts";
import { REPLAY_MS, type Settled } from "../runs/claim.ts";

const KV_MIN_TTL_SECONDS = 60;
/** A start waits for a look-up. */
const READ_TIMEOUT_MS = 2_000;
const WRITE_TIMEOUT_MS = 5_000;

/** `answer:v1:<gate id>:<idempotency id>` */
export function answerKey(gate: string, idempotencyId: string): string {
  return `answer:v1:${gate}:${idempotencyId}`;
}

/** Null when KV does not know the id, its 72 hours are over, or KV fails. */
export async function getAnswer(
  kv: KVNamespace,
  gate: string,
  id: string,
  timer?: Timer,
): Promise<Settled | null> {
  try {
    const known = parseAnswer(await withTimeout(READ_TIMEOUT_MS, kv.get(answerKey(gate, id), "json"), timer));
    return known !== null && Date.now() < known.settledAtMs + REPLAY_MS ? known : null;
  } catch (error) {
    logStorageFailure("kv", { event: "answer.get_failed", gate, error });
    return null;
  }
}

/** Keeps an answer until 72 hours after it was settled. A KV that fails is logged: the gate has the answer. */
export async function putAnswer(
  kv: KVNamespace,
  gate: string,
  id: string,
  known: Settled,
  timer?: Timer,
): Promise<void> {
  const restSeconds = Math.ceil((known.settledAtMs + REPLAY_MS - Date.now()) / 1000);
  if (restSeconds <= 0) return;
  const { answer, fingerprint, settledAtMs } = known;
  const value = JSON.stringify({ v: 1, status: answer.status, body: answer.body, fingerprint, settledAtMs });
  const expirationTtl = Math.max(KV_MIN_TTL_SECONDS, restSeconds);
  try {
    await withTimeout(WRITE_TIMEOUT_MS, kv.put(answerKey(gate, id), value, { expirationTtl }), timer);
  } catch (error) {
    logStorageFailure("kv", { event: "answer.put_failed", gate, error });
  }
}

function parseAnswer(value: unknown): Settled | null {
  if (!isObject(value)) return null;
  const { v, status, body, fingerprint, settledAtMs } = value;
  if (v !== 1 || typeof status !== "number" || typeof body !== "string") return null;
  if (typeof fingerprint !== "string" || typeof settledAtMs !== "number") return null;
  return { answer: { status, body }, fingerprint, settledAtMs };
}
