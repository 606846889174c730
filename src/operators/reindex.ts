// After D1 was lost and made anew: walks the registry and has each gate tell the operators' index everything again, at
// once and not within a week, when its own alarm would. To repeat it is harmless: a gate that has told this index already
// does nothing.

import type { GateNamespace } from "../gate/address.ts";
import { GateClient } from "../gate/client.ts";
import { inChunks } from "../platform/chunks.ts";
import { log } from "../platform/observability/log.ts";
import { decodeOpaque, encodeOpaque } from "../platform/opaque.ts";
import { BEGINNING, listGates, type RegistryPosition } from "./registry.ts";

/** `toldAnew` of the `gates`; `unreachable` did not answer, or D1 did not answer them. `next` null: these were the last. */
export type Reindexed = {
  gates: number;
  toldAnew: number;
  unreachable: number;
  next: RegistryPosition | null;
};

const MAX_GATES = 40;
const AT_ONCE = 6;

/** Throws when KV does not answer. */
export async function reindexGates(
  deps: { kv: KVNamespace; gates: GateNamespace },
  position: RegistryPosition,
): Promise<Reindexed> {
  const { gates, next } = await listGates(deps.kv, position, MAX_GATES);
  const outcomes: ("told" | "known" | "unreachable")[] = [];
  for (const chunk of inChunks(gates, AT_ONCE))
    outcomes.push(...(await Promise.all(chunk.map((gate) => reindexGate(deps.gates, gate)))));
  const count = (outcome: (typeof outcomes)[number]) => outcomes.filter((one) => one === outcome).length;
  return { gates: gates.length, toldAnew: count("told"), unreachable: count("unreachable"), next };
}

async function reindexGate(gates: GateNamespace, gate: string): Promise<"told" | "known" | "unreachable"> {
  try {
    return (await GateClient.byId(gates, gate)?.reindex()) === true ? "told" : "known";
  } catch (error) {
    log({ event: "gate.unavailable", gate, error });
    return "unreachable";
  }
}

export function encodeReindexCursor({ cursor, after }: RegistryPosition): string {
  return encodeOpaque([1, cursor, after]);
}

/** Null for anything that `encodeReindexCursor` does not write. An empty one is the beginning. */
export function decodeReindexCursor(text: string): RegistryPosition | null {
  if (text === "") return BEGINNING;
  const [v, cursor, after] = decodeOpaque(text) ?? [];
  if (v !== 1 || typeof after !== "string") return null;
  return cursor === null || typeof cursor === "string" ? { cursor, after } : null;
}
