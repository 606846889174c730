// Every user's charges of a past span: walks the registry and asks each gate. A request does a bounded part of it, and the
// position that it ends at is enough to go on from, also days later. A gate that does not answer stops the page; it is
// never passed over.

import type { GateNamespace } from "../../gate/address.ts";
import { GateClient } from "../../gate/client.ts";
import type { Charge } from "../../gate/store/charges.ts";
import type { ChargePage } from "../../gate/usage.ts";
import { listGates } from "../../operators/registry.ts";
import { inChunks } from "../../platform/chunks.ts";
import { log } from "../../platform/observability/log.ts";
import type { ExportPosition, ExportSpan } from "./query.ts";

export type ExportedCharge = Charge & { userKey: string; issuer: string; subject: string };

/** `next` null: this is the last page. */
export type ExportPage = { charges: ExportedCharge[]; next: ExportPosition | null };

type ExportLimits = { gates: number; charges: number };

/** Two calls a gate at most, where it is moved meanwhile: far from the thousand that a request may make. */
const EXPORT_LIMITS: ExportLimits = { gates: 40, charges: 1_000 };
/** As many connections as a request has. */
const AT_ONCE = 6;

type Deps = { kv: KVNamespace; gates: GateNamespace };

/** Null when a gate does not answer, or its clock is far behind. Throws when KV does not. */
export async function exportCharges(
  deps: Deps,
  { fromMs, toMs }: ExportSpan,
  position: ExportPosition,
  limits: ExportLimits = EXPORT_LIMITS,
): Promise<ExportPage | null> {
  const { gates, cursor, next } = await listGates(deps.kv, position, limits.gates);
  const charges: ExportedCharge[] = [];
  let { after } = position;
  for (const chunk of inChunks(gates, AT_ONCE)) {
    const left = limits.charges - charges.length;
    if (left === 0) return { charges, next: { cursor, after, inside: null } };
    const pages = await Promise.all(
      chunk.map((gate) => {
        const begun = position.inside?.gate === gate ? position.inside.fromMs : fromMs;
        return readCharges(deps.gates, gate, { fromMs: begun, toMs, limit: left });
      }),
    );
    for (const [at, gate] of chunk.entries()) {
      const page = pages[at] ?? null;
      if (page === null) return null;
      const taken = page.charges.slice(0, limits.charges - charges.length);
      charges.push(...taken.map((charge) => ofUser(page, charge)));
      const restFromMs = page.charges[taken.length]?.chargedAtMs ?? page.nextFromMs;
      if (restFromMs !== null)
        return { charges, next: { cursor, after, inside: { gate, fromMs: restFromMs } } };
      after = gate;
    }
  }
  return { charges, next: next && { ...next, inside: null } };
}

const NOTHING: ChargePage = { user: null, charges: [], nextFromMs: null };

async function readCharges(
  gates: GateNamespace,
  gate: string,
  range: ExportSpan & { limit: number },
): Promise<ChargePage | null> {
  const client = GateClient.byId(gates, gate);
  // Not an id of this namespace: no object can have it.
  if (client === null) return NOTHING;
  try {
    const page = await client.pastUsage(range);
    if (page === null) log({ event: "gate.unavailable", gate, error: new Error("its clock is far behind") });
    return page;
  } catch (error) {
    log({ event: "gate.unavailable", gate, error });
    return null;
  }
}

function ofUser({ user }: ChargePage, charge: Charge): ExportedCharge {
  if (user === null) throw new Error("a gate has charges and no user");
  return { ...charge, ...user };
}
