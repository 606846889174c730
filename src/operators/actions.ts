// What an operator can do to one run or one user. Each action is written down (audit.ts) and is refused where there is
// nothing to do. Each goes through the user's gate, which alone decides what becomes of a run.
import type { Operator } from "../auth/operator.ts";
import { GateClient } from "../gate/client.ts";
import type { DismissalOutcome } from "../gate/index-event.ts";
import { runMessage, sendMessage } from "../gate/run-message.ts";
import type { Services } from "../services/services.ts";
import { type Acted, audited, type Effect, newEntry } from "./audit.ts";
import type { Noted } from "./audit-store.ts";
import { canPoll, type FoundRun, findGates, findInGates, hasSomethingToDeliver, isOpen } from "./find-run.ts";

export type RunAction = "poll" | "redeliver" | "abandon";

/** `user`: whose run it is. */
export type ActedOnRun = Acted & { user: string };

type RunDeps = Pick<Services, "operatorsDb" | "gates" | "queueOfGate">;

/** Null when the run is not on record; then nothing is written down either. Throws when the index, the gate or the queue does not answer. */
export function performOnRun(
  deps: RunDeps,
  operator: Operator,
  action: RunAction,
  runId: string,
  user: string | null,
): Promise<ActedOnRun | null> {
  return actOnRun(deps, newEntry(operator, action, runId), user, (found) => ACTIONS[action](deps, found));
}

/** The same: a dead letter is not to be worked on any more. `reason`: why, in the operator's words. */
export function dismissOneRun(
  deps: RunDeps,
  operator: Operator,
  runId: string,
  user: string | null,
  reason: string,
): Promise<ActedOnRun | null> {
  const noted = newEntry(operator, "dismiss", runId, reason);
  return actOnRun(deps, noted, user, (found) => dismissRun(found, operator.name, reason));
}

async function actOnRun(
  deps: RunDeps,
  noted: Noted & { target: string },
  user: string | null,
  perform: (found: FoundRun) => Promise<Effect>,
): Promise<ActedOnRun | null> {
  const runId = noted.target;
  const gates = await findGates(deps, runId, user);
  // A batch that D1 carried out late may have left the run among the dead letters.
  await Promise.all(gates.map((gate) => gate.checkDeadLetter(runId)));
  const found = await findInGates(gates, runId);
  if (found === null) return null;
  const acted = await audited(deps.operatorsDb, noted, () => perform(found));
  return { ...acted, user: found.record.terms.userKey };
}

/**
 * Names the run of a start that was never answered: the upstream is asked for it, and has to confirm it. Null when the
 * user has no such start.
 */
export async function nameRun(
  deps: Pick<Services, "operatorsDb" | "gates">,
  operator: Operator,
  userKey: string,
  runKey: string,
  runId: string,
): Promise<Acted | null> {
  const gate = GateClient.ofUser(deps.gates, userKey);
  if (!(await gate.hasStart(runKey))) return null;
  const noted = newEntry(operator, "poll", runId, `named as the run of the start ${runKey}`);
  return audited(deps.operatorsDb, noted, async () =>
    (await gate.nameRun(runKey, runId)) ? { kind: "done" } : refused("The run is known already."),
  );
}

/** Null: there is no such user. */
export async function resetWindow(
  deps: Pick<Services, "operatorsDb" | "gates">,
  operator: Operator,
  userKey: string,
): Promise<Acted | null> {
  const gate = GateClient.ofUser(deps.gates, userKey);
  if (!(await gate.inspect(Date.now())).isKnown) return null;
  return audited(deps.operatorsDb, newEntry(operator, "reset_window", userKey), async () => {
    await gate.resetWindows();
    return { kind: "done" };
  });
}

const DISMISSALS: Record<DismissalOutcome, Effect> = {
  dismissed: { kind: "done" },
  dismissed_before: refused("The dead letter has been dismissed already."),
  no_dead_letter: refused("The run is no dead letter."),
};

/** `refused` when there is nothing to dismiss. */
export async function dismissRun(
  { gate, record }: FoundRun,
  operator: string,
  reason: string,
): Promise<Effect> {
  // The gate takes a second dismissal with the same words for the first one, whose answer was lost.
  if (record.dismissal !== null) return DISMISSALS.dismissed_before;
  return DISMISSALS[await gate.dismiss(record.run.runId, operator, reason)];
}

/** Delivers the run's end again, for a batch of many maybe; `refused` while that is under way, or when there is nothing to deliver. */
export async function redeliverRun({ gate, record }: FoundRun, batch: string | null = null): Promise<Effect> {
  if (!hasSomethingToDeliver(record)) return refused("The run has no callback.");
  const redelivery = await gate.redeliver(record, { kind: "operator", batch });
  if (redelivery === null) return refused("The run is not on record any more.");
  if (redelivery.kind === "under_way") return refused("The delivery of this run is still under way.");
  return { kind: "done" };
}

const ACTIONS: Record<RunAction, (deps: Pick<Services, "queueOfGate">, found: FoundRun) => Promise<Effect>> =
  {
    poll,
    redeliver: (_deps, found) => redeliverRun(found),
    abandon: (_deps, found) => abandon(found),
  };

async function poll(deps: Pick<Services, "queueOfGate">, { gate, record }: FoundRun): Promise<Effect> {
  if (!canPoll(record)) return refused("The run has ended.");
  return sendPoll(deps, gate, record.runKey, record.run.runId);
}

// The run's id is part of the message, because an operator's word counts: the gate does not make this poll wait for the
// pause that it keeps between polls which an unproven completion can cause.
async function sendPoll(
  { queueOfGate }: Pick<Services, "queueOfGate">,
  gate: GateClient,
  runKey: string,
  hintedRunId: string,
): Promise<Effect> {
  await sendMessage(queueOfGate(gate.id), runMessage(gate.id, runKey, { notified: true, hintedRunId }));
  return { kind: "done" };
}

async function abandon({ gate, record }: FoundRun): Promise<Effect> {
  const isAbandoned = isOpen(record) && (await gate.abandon(record.runKey));
  return isAbandoned ? { kind: "done" } : refused("Nothing of this run is under way.");
}

function refused(detail: string): Effect {
  return { kind: "refused", detail };
}
