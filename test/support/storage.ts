// Nothing stored: for tests that share a workerd.
import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";

const MAX_RESETS = 10;
/** The runtime takes what nothing has asked for ten seconds out of the memory, and `reset` passes over it. */
const STAYS_FOR_MS = 8_000;

/** Object ids of all gates that were asked for anything since all was empty. Such a gate has runs, and alarms that ring. */
const gatesAsked = new Set<string>();
let emptiedAtMs = Number.NEGATIVE_INFINITY;

/** Deletes what every object stores, the operators' index and KV among them. */
export async function emptyStorage(): Promise<void> {
  watchGates();
  // To ask wakes it. What was written since all was empty is still there when that is not long ago.
  if (performance.now() - emptiedAtMs > STAYS_FOR_MS)
    await Promise.all([env.KV.get("anything"), areGatesEmpty()]);
  for (let resets = 0; resets < MAX_RESETS; resets += 1) {
    await reset();
    // On a busy machine some were seen to outlive a reset.
    if ((await isIndexEmpty()) && (await areGatesEmpty())) {
      emptiedAtMs = performance.now();
      gatesAsked.clear();
      return;
    }
  }
  throw new Error(`something is still stored after ${MAX_RESETS} resets`);
}

let isWatching = false;

/** In the platform's own class, so that it does not matter who asks. */
function watchGates(): void {
  if (isWatching) return;
  isWatching = true;
  const namespaces: typeof env.USER_GATE = Object.getPrototypeOf(env.USER_GATE);
  // oxlint-disable-next-line typescript/unbound-method -- it is called with the namespace as `this`
  const { get } = namespaces;
  namespaces.get = function (this: typeof env.USER_GATE, id, options) {
    if (this === env.USER_GATE) gatesAsked.add(id.toString());
    return Reflect.apply(get, this, [id, options]);
  };
}

async function isIndexEmpty(): Promise<boolean> {
  const tables = env.OPERATORS_DB.prepare("SELECT name FROM sqlite_schema WHERE name = 'd1_migrations'");
  return (await tables.first()) === null;
}

/** They are in the memory then. */
async function areGatesEmpty(): Promise<boolean> {
  const stored = await Promise.all(
    [...gatesAsked].map(async (id) => {
      const gate = env.USER_GATE.get(env.USER_GATE.idFromString(id));
      return runInDurableObject(gate, (_gate, { storage: { kv, sql } }) => {
        const tables = sql.exec("SELECT name FROM sqlite_schema WHERE name NOT LIKE '!_cf%' ESCAPE '!'");
        return tables.toArray().length + [...kv.list({ limit: 1 })].length;
      });
    }),
  );
  return stored.every((things) => things === 0);
}
