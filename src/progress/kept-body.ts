// A result that could not be delivered at once, kept so that later attempts and redeliveries do not depend on the
// upstream. Best effort both ways: without it the upstream is read again.
import { log } from "../observability/log.ts";

/** As long as a dead letter can be sent again. */
const KEEP_SECONDS = 30 * 24 * 60 * 60;

/** Says whether KV took it. `body:v1:<user key>:<run id>` */
export async function keepBody(
  kv: KVNamespace,
  userKey: string,
  runId: string,
  body: Uint8Array,
): Promise<boolean> {
  try {
    await kv.put(keyOf(userKey, runId), body, { expirationTtl: KEEP_SECONDS });
    return true;
  } catch (error) {
    log({ event: "body.keep_failed", user: userKey, error });
    return false;
  }
}

export async function keptBody(kv: KVNamespace, userKey: string, runId: string): Promise<Uint8Array | null> {
  try {
    const body = await kv.get(keyOf(userKey, runId), "arrayBuffer");
    return body === null ? null : new Uint8Array(body);
  } catch (error) {
    log({ event: "body.recall_failed", user: userKey, error });
    return null;
  }
}

function keyOf(userKey: string, runId: string): string {
  return `body:v1:${userKey}:${runId}`;
}
