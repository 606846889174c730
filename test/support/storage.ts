// Nothing stored: for tests that share a workerd.
import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";

/**
 * Deletes what every object stores. A database and a namespace that nobody has asked for ten seconds have left the memory,
 * and `reset` passes over what is not there: they are woken first.
 */
export async function emptyStorage(): Promise<void> {
  await Promise.all([env.LEDGER.prepare("SELECT 1").run(), env.KV.get("anything")]);
  await reset();
}
