// A run's page: what its user's gate has on record, as a time line, and what an operator can do with the run now.
import type { RunRecord } from "../gate/admission.ts";
import { GateClient } from "../gate/client.ts";
import type { ConsoleDeps } from "./deps.ts";
import { findLetters } from "./index-store.ts";
import { toRunSummary } from "./run-summary.ts";
import { buildTimeLine } from "./time-line.ts";
import type { RunDetail } from "./views.ts";

type Deps = Pick<ConsoleDeps, "operatorsDb" | "gates">;

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
  const letters = await findLetters(operatorsDb, [runId]);
  return letters.map(({ gate }) => GateClient.byId(gates, gate)).filter((gate) => gate !== null);
}

export async function findInGates(gates: readonly GateClient[], runId: string): Promise<FoundRun | null> {
  for (const gate of gates) {
    const record = await gate.findRun(runId);
    if (record !== null) return { gate, record };
  }
  return null;
}

export async function runDetail(deps: Deps, runId: string, user: string | null): Promise<RunDetail | null> {
  const found = await findRun(deps, runId, user);
  return found && toDetail(found.record);
}

function toDetail(record: RunRecord): RunDetail {
  const { callbackUrl, billing } = record.terms;
  return {
    ...toRunSummary(record),
    callback_url: callbackUrl,
    billable: billing.is_billable,
    time_line: buildTimeLine(record),
    can: { poll: canPoll(record), redeliver: canRedeliver(record), abandon: isOpen(record) },
  };
}

/** Whether the upstream can be asked for its end. An abandoned run comes back when the upstream knows it. */
export function canPoll({ run }: RunRecord): boolean {
  return run.status !== "ended";
}

/** Of an abandoned run the upstream is asked for the end first. */
function canRedeliver(record: RunRecord): boolean {
  return !isOpen(record) && hasSomethingToDeliver(record);
}

export function hasSomethingToDeliver({ run, terms }: RunRecord): boolean {
  return terms.callbackUrl !== null || run.status === "abandoned";
}

/** The gateway still reads its end or delivers it. */
export function isOpen({ dueAtMs }: RunRecord): boolean {
  return dueAtMs !== null;
}

/** Given up, and not being tried again. */
export function isDeadLetter(record: RunRecord): boolean {
  return !isOpen(record) && (record.state === "dead" || record.run.status === "abandoned");
}
