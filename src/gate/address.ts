// Which gate is whose. The object's id also prefixes the user's keys in KV, so that the gate can find them by itself.
import type { UserGate } from "./user-gate.ts";

/** The registry in KV: one key a gate, this and the object's id, so that every gate can be visited. */
export const REGISTRY_PREFIX = "gate:v1:";

export type GateNamespace = DurableObjectNamespace<UserGate>;

/** The one gate of a user; `userKey` is the hash of (issuer, subject), so no name of one user is ever another's. */
export function gateId(gates: GateNamespace, userKey: string): DurableObjectId {
  return gates.idFromName(userKey);
}
