// Nothing stored: for tests that share a workerd.
import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";

const MAX_RESETS = 10;
/** The runtime takes what nothing has asked for ten seconds out of the memory, and `reset` passes over it. */
const STAYS_FOR_MS = 8_000;

let emptiedAtMs = Number.NEGATIVE_INFINITY;

/** Deletes what every object stores, the ledger and KV among them. */
export async function emptyStorage(): Promise<void> {
  // To ask wakes it. What was written since all was empty is still there when that is not long ago.
  if (performance.now() - emptiedAtMs > STAYS_FOR_MS) await env.KV.get("anything");
  for (let resets = 0; resets < MAX_RESETS; resets += 1) {
    await reset();
    if (await isLedgerEmpty()) {
      emptiedAtMs = performance.now();
      return;
    }
  }
  throw new Error(`the ledger still has its tables after ${MAX_RESETS} resets`);
}

/** On a busy machine it was seen to outlive a reset. */
async function isLedgerEmpty(): Promise<boolean> {
  const tables = env.LEDGER.prepare("SELECT name FROM sqlite_schema WHERE name = 'd1_migrations'");
  return (await tables.first()) === null;
}
