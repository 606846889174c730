// The registry in KV as it is walked: every gate that has ever promised anything, in the order of its id, whatever became
// of D1. Gates put themselves there (src/gate/registration.ts). A gate that comes in during a walk may be passed over:
// what a walk looks for must be older than the walk.
import { REGISTRY_PREFIX } from "../gate/address.ts";

/** The last gate that was visited, and KV's own cursor of the list that had it. */
export type RegistryPosition = { cursor: string | null; after: string };

/** `cursor` is that of the list that has these gates; `next` null: these were the last. */
export type RegistryPage = { gates: string[]; cursor: string | null; next: RegistryPosition | null };

export const BEGINNING: RegistryPosition = { cursor: null, after: "" };

/** On the way back to a position whose cursor KV does not take any more. */
const MAX_LISTS = 20;

/** The next `limit` gates at most; there may be none, and more after it. Throws when KV does not answer. */
export async function listGates(
  kv: KVNamespace,
  { cursor, after }: RegistryPosition,
  limit: number,
): Promise<RegistryPage> {
  let at = cursor;
  for (let lists = 1; ; lists += 1) {
    const page = await list(kv, at, limit);
    const gates = page.gates.filter((gate) => gate > after);
    const next = page.next === null ? null : { cursor: page.next, after: gates.at(-1) ?? after };
    if (gates.length > 0 || next === null || lists === MAX_LISTS) return { gates, cursor: page.cursor, next };
    at = next.cursor;
  }
}

type Listed = { gates: string[]; cursor: string | null; next: string | null };

// How long KV takes its own cursors is not written anywhere. Without one the walk comes to the same place, only slower.
async function list(kv: KVNamespace, cursor: string | null, limit: number): Promise<Listed> {
  try {
    return await listAt(kv, cursor, limit);
  } catch (error) {
    if (cursor === null) throw error;
    return listAt(kv, null, limit);
  }
}

async function listAt(kv: KVNamespace, cursor: string | null, limit: number): Promise<Listed> {
  const found = await kv.list({ prefix: REGISTRY_PREFIX, limit, cursor });
  const gates = found.keys.map(({ name }) => name.slice(REGISTRY_PREFIX.length));
  return { gates, cursor, next: found.list_complete ? null : found.cursor };
}
