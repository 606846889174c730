// Nothing stored: for tests that share a workerd.
import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { buildUserKey } from "../../src/auth/caller.ts";
import { gateId } from "../../src/gate/address.ts";

const MAX_RESETS = 10;
/** The runtime takes what nothing has asked for ten seconds out of the memory, and `reset` passes over it. */
const STAYS_FOR_MS = 8_000;

const ISSUER = "https://login.example";
const USERS = ["alice", "bob"];

let emptiedAtMs = Number.NEGATIVE_INFINITY;

/** Deletes what every object stores, the operators' index and KV among them. */
export async function emptyStorage(): Promise<void> {
  // To ask wakes it. What was written since all was empty is still there when that is not long ago.
  if (performance.now() - emptiedAtMs > STAYS_FOR_MS)
    await Promise.all([env.KV.get("anything"), areGatesEmpty()]);
  for (let resets = 0; resets < MAX_RESETS; resets += 1) {
    await reset();
    // On a busy machine some were seen to outlive a reset.
    if ((await isIndexEmpty()) && (await areGatesEmpty())) {
      emptiedAtMs = performance.now();
      return;
    }
  }
  throw new Error(`something is still stored after ${MAX_RESETS} resets`);
}

async function isIndexEmpty(): Promise<boolean> {
  const tables = env.OPERATORS_DB.prepare("SELECT name FROM sqlite_schema WHERE name = 'd1_migrations'");
  return (await tables.first()) === null;
}

/** Whether the gates of the users whom nearly all tests have are empty; they are in the memory then. */
async function areGatesEmpty(): Promise<boolean> {
  const stored = await Promise.all(
    USERS.map(async (user) => {
      const gate = env.USER_GATE.get(gateId(env.USER_GATE, await buildUserKey(ISSUER, user)));
      return runInDurableObject(gate, (_gate, { storage: { kv, sql } }) => {
        const tables = sql.exec("SELECT name FROM sqlite_schema WHERE name NOT LIKE '!_cf%' ESCAPE '!'");
        return tables.toArray().length + [...kv.list({ limit: 1 })].length;
      });
    }),
  );
  return stored.every((things) => things === 0);
}
