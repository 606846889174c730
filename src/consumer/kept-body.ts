// A result that could not be delivered at once, kept so that later attempts and redeliveries do not depend on the
// upstream. Best effort both ways: without it the upstream is read again.

import type { Reservation } from "../platform/memory-budget.ts";
import { logStorageFailure } from "../platform/observability/isolate-sums.ts";
import { OutboundOverBudget, OutboundTooLarge, readBody } from "../platform/outbound/read-body.ts";
import { withTimeout } from "../platform/timeout.ts";
import { RunScan } from "../upstream/run-scan.ts";
import { MAX_HELD_BYTES } from "./read-end.ts";

/** As long as a dead letter can be sent again. */
export const KEEP_SECONDS = 30 * 24 * 60 * 60;
/** A consumer's time is short (invocation-budget.ts), and the upstream may still have the body. */
const FOUND_WITHIN_MS = 2_000;
const READ_WITHIN_MS = 5_000;
export const KEPT_WITHIN_MS = 5_000;

/** Says whether KV took it. `body:v1:<user key>:<run id>` */
export async function keepBody(
  kv: KVNamespace,
  userKey: string,
  runId: string,
  body: Uint8Array,
): Promise<boolean> {
  try {
    await withTimeout(
      KEPT_WITHIN_MS,
      kv.put(keptBodyKey(userKey, runId), body, { expirationTtl: KEEP_SECONDS }),
    );
    return true;
  } catch (error) {
    logStorageFailure("kv", { event: "body.put_failed", user: userKey, error });
    return false;
  }
}

/** Null: KV does not give it. `large`: it is too large to be held. */
export async function keptBody(
  kv: KVNamespace,
  userKey: string,
  runId: string,
  reservation: Reservation,
): Promise<Uint8Array | "large" | "crowded" | null> {
  try {
    const body = await withTimeout(FOUND_WITHIN_MS, kv.get(keptBodyKey(userKey, runId), "stream"));
    if (body === null) return null;
    const bytes = await readBody({ body }, MAX_HELD_BYTES, READ_WITHIN_MS, reservation);
    return isWhole(bytes) ? bytes : null;
  } catch (error) {
    if (error instanceof OutboundOverBudget) return "crowded";
    if (error instanceof OutboundTooLarge) return "large";
    logStorageFailure("kv", { event: "body.get_failed", user: userKey, error });
    return null;
  }
}

// Not every store notices that a value broke off, and the copy of a large result may be short then.
function isWhole(bytes: Uint8Array): boolean {
  const scan = new RunScan();
  scan.read(bytes);
  return scan.status() !== null;
}

/** A large result as KV has it; null where KV has none or does not answer. */
export async function openKeptBody(
  kv: KVNamespace,
  userKey: string,
  runId: string,
): Promise<ReadableStream<Uint8Array> | null> {
  try {
    return await withTimeout(FOUND_WITHIN_MS, kv.get(keptBodyKey(userKey, runId), "stream"));
  } catch (error) {
    logStorageFailure("kv", { event: "body.get_failed", user: userKey, error });
    return null;
  }
}

/** For a copy that is needed no more: its result has been delivered, or is no result. Never throws. */
export async function dropBody(kv: KVNamespace, userKey: string, runId: string): Promise<void> {
  const deleted = kv.delete(keptBodyKey(userKey, runId));
  // It expires by itself.
  await withTimeout(KEPT_WITHIN_MS, deleted).catch(() => undefined);
}

export function keptBodyKey(userKey: string, runId: string): string {
  return `body:v1:${userKey}:${runId}`;
}
