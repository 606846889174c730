// Messages that made the consumer throw five times. Their runs are marked dead, so that an operator sees them and no
// timer hands them out again; what is known of them is on the books first.
import { GateClient } from "../gate/client.ts";
import type { EndedRun, RunRules, Sighting } from "../gate/run.ts";
import { recordAll } from "../ledger/repository.ts";
import { log } from "../observability/log.ts";
import { ledgerEntries } from "./ledger-entries.ts";
import { parsePointer } from "./pointer.ts";

/** Nothing is planned here. */
const rules: RunRules = { pollSchedule: [], retrySchedule: [] };

export async function buryRuns(batch: MessageBatch, env: Env): Promise<void> {
  for (const message of batch.messages) await bury(env, message);
}

async function bury(env: Env, message: Message): Promise<void> {
  const pointer = parsePointer(message.body);
  if (pointer === null) return message.ack();
  try {
    const gate = GateClient.byId(env.USER_GATE, pointer.gate);
    const buried = await gate.bury(pointer.key);
    if (buried !== null) {
      log({ event: "run.buried", gate: pointer.gate, run_id: buried.run.runId });
      await recordAll(env.LEDGER, ledgerEntries(buried.run, buried.intent));
      await gate.report(pointer.key, bookedSighting(buried.run), rules);
    }
    message.ack();
  } catch (error) {
    log({ event: "run.move_failed", gate: pointer.gate, attempts: message.attempts, error });
    message.retry({ delaySeconds: 60 });
  }
}

function bookedSighting({ revision, runId, result }: EndedRun): Sighting {
  const nothing = { attempt: null, restUntilMs: null, bodyKept: false };
  return { ...nothing, kind: "ended", revision, runId, result, booked: true, atMs: Date.now(), random: 0 };
}
