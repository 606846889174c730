// The hands: takes pointers from the queue and moves their runs on, all of a batch at once. A batch is not held up by
// its slowest run: after a short while the rest goes on behind it, and their messages count as done, because the gate
// sends again whatever is not reported. The queue's own retries are for a run that makes this code throw.
import { GateClient } from "../gate/client.ts";
import { recordAll } from "../ledger/repository.ts";
import { log } from "../observability/log.ts";
import { network } from "../outbound/guard.ts";
import { settingsOf } from "../settings.ts";
import { upstreamOf } from "../upstream/client.ts";
import { type MoveDeps, moveRun } from "./move-run.ts";
import { parsePointer } from "./pointer.ts";
import { Recorder } from "./recorder.ts";

const BATCH_PATIENCE_MS = 250;

export async function moveRunsOn(batch: MessageBatch, env: Env, context: ExecutionContext): Promise<void> {
  const deps = moveDeps(env);
  const all = Promise.all(batch.messages.map((message) => handle(deps, env, message)));
  context.waitUntil(all);
  await Promise.race([all, scheduler.wait(BATCH_PATIENCE_MS)]);
}

async function handle(deps: MoveDeps, env: Env, message: Message): Promise<void> {
  const pointer = parsePointer(message.body);
  if (pointer === null) {
    log({ event: "queue.unreadable" });
    return message.ack();
  }
  const gate = GateClient.byId(env.USER_GATE, pointer.gate);
  try {
    const work = await gate.take(pointer);
    if (work !== null) await gate.report(pointer.key, await moveRun(deps, work), deps.rules);
    message.ack();
  } catch (error) {
    log({ event: "run.move_failed", gate: pointer.gate, attempts: message.attempts, error });
    // Otherwise the queue's next try would find it in this one's hands.
    await gate.release(pointer.key);
    message.retry();
  }
}

function moveDeps(env: Env): MoveDeps {
  const settings = settingsOf(env);
  const upstream = upstreamOf(settings, env.UPSTREAM);
  if (upstream === null) throw new Error("no upstream is configured");
  return {
    settings,
    upstream,
    rules: {
      pollSchedule: settings.runPollScheduleSeconds,
      retrySchedule: settings.callbackRetryScheduleSeconds,
    },
    breakers: env.DESTINATION_BREAKER,
    network,
    kv: env.KV,
    recorder: new Recorder((entries) => recordAll(env.LEDGER, entries)),
  };
}
