// A run as its user's gate has it on record, and what an operator can do with it now.
import type { RunRecord } from "../gate/admission.ts";
import { GateClient } from "../gate/client.ts";
import type { Services } from "../services/services.ts";
import { findDeadLetters } from "./index-store.ts";

type Deps = Pick<Services, "operatorsDb" | "gates">;

/** A run on record, and the gate that has it. */
export type FoundRun = { gate: GateClient; record: RunRecord };

/** As below. Null when the run is not on record. */
export async function findRun(deps: Deps, runId: string, user: string | null): Promise<FoundRun | null> {
  return findInGates(await findGates(deps, runId, user), runId);
}

/**
 * Where the run may be on record. Without a user only dead letters are found: the index knows whose those are. With one
 * the index is not asked. Throws when the index or the gate does not answer.
 */
export async function findGates(
  { operatorsDb, gates }: Deps,
  runId: string,
  user: string | null,
): Promise<GateClient[]> {
  if (user !== null) return [GateClient.ofUser(gates, user)];
  const deadLetters = await findDeadLetters(operatorsDb, [runId]);
  return deadLetters.map(({ gate }) => GateClient.byId(gates, gate)).filter((gate) => gate !== null);
}

export async function findInGates(gates: readonly GateClient[], runId: string): Promise<FoundRun | null> {
  for (const gate of gates) {
    const record = await gate.findRun(runId);
    if (record !== null) return { gate, record };
  }
  return null;
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
