// Nothing stored: for tests that share a workerd.
import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";

const MAX_RESETS = 10;

/**
 * Deletes what every object stores. `reset` passes over a database or namespace that has left the memory, as each does
 * after ten quiet seconds, and may fail to stop one on a busy machine. To look whether it is empty wakes it.
 */
export async function emptyStorage(): Promise<void> {
  for (let resets = 0; resets < MAX_RESETS; resets += 1) {
    await reset();
    if (await isEmpty()) return;
  }
  throw new Error(`something is still stored after ${MAX_RESETS} resets`);
}

async function isEmpty(): Promise<boolean> {
  const [table, { keys }] = await Promise.all([
    env.LEDGER.prepare("SELECT name FROM sqlite_schema WHERE name = 'd1_migrations'").first(),
    env.KV.list({ limit: 1 }),
  ]);
  return table === null && keys.length === 0;
}
