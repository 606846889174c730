// What an operator can do to one run or one user. Each is written down (audit.ts), and says no where there is nothing
// to do; each goes through the user's gate, so that it and the books agree.
import type { Operator } from "../auth/operator.ts";
import { GateClient } from "../gate/client.ts";
import { log } from "../observability/log.ts";
import { bookBuried } from "../progress/dead-letters.ts";
import { sendPointer } from "../progress/pointer.ts";
import { type Acted, audited, type Effect, newEntry } from "./audit.ts";
import type { ConsoleDeps } from "./deps.ts";
import { canGiveUp, canLook, findKnownRun, type KnownRun } from "./run-detail.ts";
import type { AuditAction } from "./views.ts";

export type RunAction = "look" | "redeliver" | "give_up";

/** Null when nobody knows the run; then nothing is written down either. Throws when somebody does not answer. */
export async function actOnRun(
  deps: ConsoleDeps,
  operator: Operator,
  action: RunAction,
  runId: string,
  user: string | null,
): Promise<Acted | null> {
  const known = await findKnownRun(deps, runId, user);
  if (known === null) return null;
  return audited(deps.ledger, newEntry(operator, action, runId), () => ACTIONS[action](deps, known));
}

export async function resetWindow(deps: ConsoleDeps, operator: Operator, userKey: string): Promise<Acted> {
  const action: AuditAction = "reset_window";
  return audited(deps.ledger, newEntry(operator, action, userKey), async () => {
    await GateClient.ofUser(deps.gates, userKey).resetWindows();
    return { kind: "done" };
  });
}

/** Sends the run's end again; `refused` while it is being told, or when there is nothing to send. */
export async function redeliverKnown({ gate, delivery }: KnownRun): Promise<Effect> {
  if (delivery === null) return refused("The run has no callback.");
  const started = delivery.revival !== null && (await gate.redeliver(delivery.intent, delivery.revival));
  return started ? { kind: "done" } : refused("The delivery of this run is still under way.");
}

const ACTIONS: Record<RunAction, (deps: ConsoleDeps, known: KnownRun) => Promise<Effect>> = {
  look: lookNow,
  redeliver: (_deps, known) => redeliverKnown(known),
  give_up: giveUp,
};

async function lookNow({ queue }: ConsoleDeps, { gate, live }: KnownRun): Promise<Effect> {
  if (live === null || !canLook({ live })) return refused("The run has ended.");
  await sendPointer(queue, { v: 1, gate: gate.id, key: live.key, pushed: true, runId: null });
  return { kind: "done" };
}

async function giveUp({ ledger }: ConsoleDeps, { gate, live }: KnownRun): Promise<Effect> {
  const buried = live !== null && canGiveUp({ live }) ? await gate.bury(live.key) : null;
  if (live === null || buried === null) return refused("Nothing of this run is under way.");
  try {
    await bookBuried(gate, live.key, buried, ledger);
  } catch (error) {
    // It is stopped, and the gate has it booked later.
    log({ event: "run.move_failed", gate: gate.id, attempts: 1, error });
  }
  return { kind: "done" };
}

function refused(detail: string): Effect {
  return { kind: "refused", detail };
}
