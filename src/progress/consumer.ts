// The hands: takes pointers from the queue and moves their runs on, all of a batch at once. A batch is not held up by
// its slowest run: when every gate has answered, the rest soon goes on behind it, and their messages count as done,
// because the gate sends again whatever is not reported. The queue's own retries are for a run that makes this code throw.
import { parseRedelivery, type RedeliveryMessage, workRedelivery } from "../console/redelivery.ts";
import { within } from "../deadline.ts";
import type { Work } from "../gate/admission.ts";
import { GateClient } from "../gate/client.ts";
import { runRulesOf, type Sighting } from "../gate/run.ts";
import { recordAll } from "../ledger/repository.ts";
import { isolateRoom } from "../load.ts";
import { log } from "../observability/log.ts";
import { network } from "../outbound/guard.ts";
import { settingsOrNull } from "../settings.ts";
import { upstreamOf } from "../upstream/client.ts";
import { buryRun } from "./dead-letters.ts";
import { type MoveDeps, moveRun } from "./move-run.ts";
import { type Pointer, parsePointer, sendMessage } from "./pointer.ts";
import { Recorder } from "./recorder.ts";
import { Shift } from "./shift.ts";

/** Its batch waits for it. */
const TAKE_WITHIN_MS = 5_000;
/** One fewer than the tries after which the queue gives a message up (wrangler.toml). */
const GATE_TRIES = 5;
const GATE_PAUSE_SECONDS = 5;
/** Then a pointer that may be the only one to know its run's name, or the upstream's yes to it, goes round again. */
const GATE_ROUND_SECONDS = 60;
/** One fewer than the tries after which the queue gives a message up (wrangler.toml), as they are counted in the gate. */
const MAX_THROWS = 5;

export async function moveRunsOn(batch: MessageBatch, env: Env, context: ExecutionContext): Promise<void> {
  const deps = moveDeps(env);
  // Badly configured: the gates send again, where the queue's own tries would end among the dead letters.
  if (deps === null) {
    await Promise.all(batch.messages.map((message) => goRound(env.RUNS, message)));
    return;
  }
  const handled = batch.messages.map((message) => handle(deps, env, message));
  const all = Promise.all(handled.map(({ done }) => done));
  context.waitUntil(all);
  // What is said of a message after this function has returned is not heard: a pointer may be the only one to know its
  // run's name, so its gate must have it by then, or the queue keep it.
  await Promise.all(handled.map(({ taken }) => taken));
  await Promise.race([all, scheduler.wait(deps.shift.patienceMs)]);
}

type ConsumerDeps = MoveDeps & { ledger: D1Database };

/** `taken`: its gate has answered, or the message goes back to the queue. */
type Handled = { taken: Promise<void>; done: Promise<void> };

function handle(deps: ConsumerDeps, env: Env, message: Message): Handled {
  const { promise: taken, resolve } = Promise.withResolvers<void>();
  return { taken, done: moveOn(deps, env, message, resolve).finally(resolve) };
}

async function moveOn(deps: ConsumerDeps, env: Env, message: Message, taken: () => void): Promise<void> {
  const redelivery = parseRedelivery(message.body);
  if (redelivery !== null) {
    taken();
    return redeliver(env, message, redelivery);
  }
  const pointer = parsePointer(message.body);
  const gate = pointer && GateClient.byId(env.USER_GATE, pointer.gate);
  if (pointer === null || gate === null) {
    log({ event: "queue.unreadable" });
    return message.ack();
  }
  try {
    const work = await within(TAKE_WITHIN_MS, gate.take(pointer, deps.rules));
    taken();
    const seen = work && (await move(deps, gate, message, work, pointer));
    if (seen === "threw") return message.retry();
    if (seen === "buried") return message.ack();
    if (seen !== null) await gate.report(pointer.key, seen, deps.rules);
    message.ack();
  } catch (error) {
    log({ event: "gate.unavailable", gate: pointer.gate, error });
    await waitForGate(env.RUNS, message);
  }
}

// The job is a row, and whoever looks at it next sends another message: nothing is lost with this one.
async function redeliver(env: Env, message: Message, { redelivery }: RedeliveryMessage): Promise<void> {
  const deps = { ledger: env.LEDGER, gates: env.USER_GATE, queue: env.RUNS };
  await workRedelivery(deps, redelivery).catch((error: unknown) =>
    log({ event: "redelivery.failed", redelivery, error }),
  );
  message.ack();
}

// A run that made this code throw is let go: otherwise the message's next try would find it in this one's hands.
async function move(
  deps: ConsumerDeps,
  gate: GateClient,
  { attempts, timestamp }: Message,
  work: Work,
  { key }: Pointer,
): Promise<Sighting | "threw" | "buried"> {
  try {
    return await moveRun(deps, work, Math.max(0, Date.now() - timestamp.getTime()));
  } catch (error) {
    log({ event: "run.move_failed", gate: gate.id, attempts, error });
    // The queue counts its own tries, but not those whose batch had gone by then.
    if ((await gate.release(key)) < MAX_THROWS) return "threw";
    await buryRun(gate, key, deps.ledger);
    return "buried";
  }
}

// A gate that is away says nothing of its run, so the message must not end among the dead letters: the gate sends
// another one when it is back. What it cannot send is a yes that it was never told, because it was away at settling.
async function waitForGate(queue: Queue, message: Message): Promise<void> {
  if (message.attempts < GATE_TRIES)
    return message.retry({ delaySeconds: GATE_PAUSE_SECONDS * message.attempts });
  await goRound(queue, message);
}

async function goRound(queue: Queue, message: Message): Promise<void> {
  const pointer = parsePointer(message.body);
  if (pointer === null || pointer.runId === null) return message.ack();
  try {
    await sendMessage(queue, pointer, { delaySeconds: GATE_ROUND_SECONDS });
    message.ack();
  } catch (error) {
    log({ event: "queue.unavailable", gate: pointer.gate, error });
    message.retry({ delaySeconds: GATE_ROUND_SECONDS });
  }
}

function moveDeps(env: Env): ConsumerDeps | null {
  const settings = settingsOrNull(env);
  const upstream = settings && upstreamOf(settings, env.UPSTREAM);
  if (settings === null || upstream === null) return null;
  return {
    settings,
    upstream,
    rules: runRulesOf(settings),
    breakers: env.DESTINATION_BREAKER,
    network,
    kv: env.KV,
    ledger: env.LEDGER,
    metrics: env.METRICS,
    room: isolateRoom,
    shift: new Shift(settings, upstream.sender === network, Date.now()),
    recorder: new Recorder((entries) => recordAll(env.LEDGER, entries)),
  };
}
