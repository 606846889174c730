// A result that could not be delivered at once, kept so that later attempts and redeliveries do not depend on the
// upstream. Best effort both ways: without it the upstream is read again.
import { within } from "../deadline.ts";
import type { Hold } from "../load.ts";
import { log } from "../observability/log.ts";
import { OutboundNoRoom, readBody } from "../outbound/guard.ts";
import { MAX_RESULT_BYTES } from "./read-end.ts";

/** As long as a dead letter can be sent again. */
const KEEP_SECONDS = 30 * 24 * 60 * 60;
/** A consumer's time is short (shift.ts), and the upstream may still have the body. */
const FOUND_WITHIN_MS = 2_000;
const READ_WITHIN_MS = 5_000;
const KEPT_WITHIN_MS = 5_000;

/** Says whether KV took it. `body:v1:<user key>:<run id>` */
export async function keepBody(
  kv: KVNamespace,
  userKey: string,
  runId: string,
  body: Uint8Array,
): Promise<boolean> {
  try {
    await within(KEPT_WITHIN_MS, kv.put(keyOf(userKey, runId), body, { expirationTtl: KEEP_SECONDS }));
    return true;
  } catch (error) {
    log({ event: "body.keep_failed", user: userKey, error });
    return false;
  }
}

/** Throws OutboundNoRoom. */
export async function keptBody(
  kv: KVNamespace,
  userKey: string,
  runId: string,
  hold: Hold,
): Promise<Uint8Array | null> {
  try {
    const body = await within(FOUND_WITHIN_MS, kv.get(keyOf(userKey, runId), "stream"));
    return body === null ? null : await readBody({ body }, MAX_RESULT_BYTES, READ_WITHIN_MS, hold);
  } catch (error) {
    if (error instanceof OutboundNoRoom) throw error;
    log({ event: "body.recall_failed", user: userKey, error });
    return null;
  }
}

function keyOf(userKey: string, runId: string): string {
  return `body:v1:${userKey}:${runId}`;
}
