// A run as its user's gate has it on record, and what an operator can do with it now.
import type { RunRecord } from "../gate/admission.ts";
import { GateClient } from "../gate/client.ts";
import type { ConsoleDeps } from "./deps.ts";
import { findLetters } from "./index-store.ts";

type Deps = Pick<ConsoleDeps, "operatorsDb" | "gates">;

/** A run on record, and the gate that has it. */
export type FoundRun = { gate: GateClient; record: RunRecord };

/**
 * Without a user only dead letters are found: the index knows whose those are. With one the index is not asked. Null when
 * the run is not on record. Throws when the index or the gate does not answer.
 */
export async function findRun(
  { operatorsDb, gates }: Deps,
  runId: string,
  user: string | null,
): Promise<FoundRun | null> {
  if (user !== null) return findInGate(GateClient.ofUser(gates, user), runId);
  for (const letter of await findLetters(operatorsDb, [runId])) {
    const gate = GateClient.byId(gates, letter.gate);
    const found = gate && (await findInGate(gate, runId));
    if (found !== null) return found;
  }
  return null;
}

async function findInGate(gate: GateClient, runId: string): Promise<FoundRun | null> {
  const record = await gate.findRun(runId);
  return record && { gate, record };
}

/** Whether the upstream can be asked for its end. An abandoned run comes back when the upstream knows it. */
export function canPoll({ run }: RunRecord): boolean {
  return run.status !== "ended";
}

export function hasSomethingToDeliver({ run, terms }: RunRecord): boolean {
  return terms.callbackUrl !== null || run.status === "abandoned";
}

/** The gateway still reads its end or delivers it. */
export function isOpen({ dueAtMs }: RunRecord): boolean {
  return dueAtMs !== null;
}

/** A dead letter that is not being sent again. */
export function isDeadLetter(record: RunRecord): boolean {
  return !isOpen(record) && (record.state === "dead" || record.run.status === "abandoned");
}
