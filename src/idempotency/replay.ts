// The memory of answers: KV, readable next to the caller anywhere, for 72 hours. It is a copy: the gate decides who
// runs, so a failing or late KV costs a look-up, never a second run.
import { within } from "../deadline.ts";
import { REPLAY_MS, type Settled } from "../gate/claim.ts";
import { isObject } from "../json.ts";

const KV_MIN_TTL_SECONDS = 60;
/** Starts wait for a look-up, and a gate's alarm for both. */
const READ_TIMEOUT_MS = 2_000;
const WRITE_TIMEOUT_MS = 5_000;

/** `answer:v1:<gate id>:<idempotency id>` */
export function answerKey(gate: string, idempotencyId: string): string {
  return `answer:v1:${gate}:${idempotencyId}`;
}

/** Null when KV does not know the id or its 72 hours are over. Throws when KV fails or hangs. */
export async function recallAnswer(kv: KVNamespace, key: string, nowMs: number): Promise<Settled | null> {
  const remembered = parseRemembered(await within(READ_TIMEOUT_MS, kv.get(key, "json")));
  return remembered !== null && nowMs < remembered.settledAtMs + REPLAY_MS ? remembered : null;
}

/** Keeps an answer until 72 hours after it was settled. Throws when KV fails or hangs. */
export async function rememberAnswer(
  kv: KVNamespace,
  key: string,
  remembered: Settled,
  nowMs: number,
): Promise<void> {
  const restSeconds = Math.ceil((remembered.settledAtMs + REPLAY_MS - nowMs) / 1000);
  if (restSeconds <= 0) return;
  const { answer, fingerprint, settledAtMs } = remembered;
  const value = JSON.stringify({ v: 1, status: answer.status, body: answer.body, fingerprint, settledAtMs });
  const expirationTtl = Math.max(KV_MIN_TTL_SECONDS, restSeconds);
  await within(WRITE_TIMEOUT_MS, kv.put(key, value, { expirationTtl }));
}

function parseRemembered(value: unknown): Settled | null {
  if (!isObject(value)) return null;
  const { v, status, body, fingerprint, settledAtMs } = value;
  if (v !== 1 || typeof status !== "number" || typeof body !== "string") return null;
  if (typeof fingerprint !== "string" || typeof settledAtMs !== "number") return null;
  return { answer: { status, body }, fingerprint, settledAtMs };
}
