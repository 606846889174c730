// Runs over which the consumer threw five times, whether it told the queue in time or not. They are marked dead, so
// that an operator sees them and no timer hands them out again; what is known of them is on the books first.
import type { LiveEnd } from "../gate/admission.ts";
import { GateClient } from "../gate/client.ts";
import type { EndedRun, RunRules, Sighting } from "../gate/run.ts";
import { recordAll } from "../ledger/repository.ts";
import { log } from "../observability/log.ts";
import { countAbandoned } from "./count-ends.ts";
import { ledgerEntries } from "./ledger-entries.ts";
import { parsePointer } from "./pointer.ts";

/** Nothing is planned here. */
const rules: RunRules = { pollSchedule: [], retrySchedule: [] };

export async function buryRuns(batch: MessageBatch, env: Env): Promise<void> {
  for (const message of batch.messages) await bury(env, message);
}

async function bury(env: Env, message: Message): Promise<void> {
  const pointer = parsePointer(message.body);
  const gate = pointer && GateClient.byId(env.USER_GATE, pointer.gate);
  if (pointer === null || gate === null) return message.ack();
  try {
    await buryRun(gate, pointer.key, env.LEDGER);
    message.ack();
  } catch (error) {
    log({ event: "run.move_failed", gate: pointer.gate, attempts: message.attempts, error });
    message.retry({ delaySeconds: 60 });
  }
}

/** Throws when the gate or the books do not answer: then the run is as it was, or is buried and booked later. */
export async function buryRun(gate: GateClient, key: string, ledger: D1Database): Promise<void> {
  const buried = await gate.bury(key);
  if (buried !== null) await bookBuried(gate, key, buried, ledger);
}

/** Throws when the books or the gate do not answer: then the gate has it booked later. */
export async function bookBuried(
  gate: GateClient,
  key: string,
  buried: LiveEnd,
  ledger: D1Database,
): Promise<void> {
  log({ event: "run.buried", gate: gate.id, run_id: buried.run.runId });
  await recordAll(ledger, ledgerEntries(buried.run, buried.intent));
  countAbandoned(buried.run, buried.intent);
  await gate.report(key, bookedSighting(buried.run), rules);
}

function bookedSighting({ revision, runId, result, endedAtMs }: EndedRun): Sighting {
  const nothing = { attempt: null, putOff: null, bodyKept: false };
  const stamp = { revision, atMs: Date.now(), random: 0 };
  return { ...stamp, ...nothing, kind: "ended", runId, result, endedAtMs, booked: true };
}
