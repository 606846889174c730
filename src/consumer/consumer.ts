// Takes messages from the queue and moves their runs on, all of a batch at once. A batch is not held up by its slowest
// run: when every gate has answered, the rest soon goes on behind it, and their messages count as done, because the gate
// sends again whatever is not reported. The dead-letter queue comes here too, one message at a time: a run that failed, or
// whose result is too large to be held, is alone there and takes no neighbours down with it.

import type { LeasedRun } from "../gate/admission.ts";
import { GateClient } from "../gate/client.ts";
import type { Taken } from "../gate/leases.ts";
import { parseRunMessage, type RunMessage, sendMessage } from "../gate/run-message.ts";
import { parseRedelivery, type RedeliveryMessage, workRedelivery } from "../operators/redelivery.ts";
import { isolateSums } from "../platform/observability/isolate-sums.ts";
import { log } from "../platform/observability/log.ts";
import { Timer, withTimeout } from "../platform/timeout.ts";
import { buildRunRules, type RunRules } from "../runs/run.ts";
import { findServices, type Services } from "../services/services.ts";
import { countAbandoned, countReport } from "./count-report.ts";
import { InvocationBudget } from "./invocation-budget.ts";
import { type MoveDeps, type Moved, moveRun, type RunDeps } from "./move-run.ts";

/** Its batch waits for it. */
const TAKE_WITHIN_MS = 5_000;
/** One fewer than the attempts after which the queue gives a message up (wrangler.toml). */
const GATE_ATTEMPTS = 5;
const GATE_PAUSE_SECONDS = 5;
/** Then a message that may be the only one to know the upstream's yes, or its run's id, goes round again. */
const GATE_ROUND_SECONDS = 60;

type ConsumerDeps = MoveDeps &
  Pick<Services, "gates" | "operatorsDb" | "queue" | "metrics"> & { rules: RunRules };

/** The dead-letter queue's name ends so in every environment (wrangler.toml). */
const ALONE = "-dead";

export async function moveRunsOn(batch: MessageBatch, env: Env, context: ExecutionContext): Promise<void> {
  const deps = consumerDeps(env, batch.queue.endsWith(ALONE));
  // Badly configured: the gates send again, where the queue's own attempts would end among the dead letters.
  if (deps === null) {
    await Promise.all(batch.messages.map((message) => goRound(env.RUNS, message)));
    return;
  }
  const handled = batch.messages.map((message) => handle(deps, message));
  const all = Promise.all(handled.map(({ done }) => done));
  context.waitUntil(all);
  // What is said of a message after this function has returned is not heard: a message may be the only one to know its
  // run's id, so its gate must have it by then, or the queue keep it.
  await Promise.all(handled.map(({ taken }) => taken));
  await Promise.race(deps.isAlone ? [all] : [all, scheduler.wait(deps.budget.patienceMs)]);
}

/** `taken`: its gate has answered, or the message goes back to the queue. */
type Handled = { taken: Promise<void>; done: Promise<void> };

function handle(deps: ConsumerDeps, message: Message): Handled {
  const { promise: taken, resolve } = Promise.withResolvers<void>();
  return { taken, done: moveOn(deps, message, resolve).finally(resolve) };
}

async function moveOn(deps: ConsumerDeps, message: Message, taken: () => void): Promise<void> {
  const redelivery = parseRedelivery(message.body);
  if (redelivery !== null) {
    taken();
    return redeliver(deps, message, redelivery);
  }
  const parsed = parseRunMessage(message.body);
  const timer = Timer.forWork();
  const gate = parsed && GateClient.byId(deps.gates, parsed.gate, timer);
  if (parsed === null || gate === null) {
    log({ event: "queue.unreadable" });
    return message.ack();
  }
  try {
    const result = await withTimeout(TAKE_WITHIN_MS, take(deps, gate, parsed), timer);
    taken();
    if (result.kind === "leased") await moveLeased({ ...deps, timer }, gate, result.run, message);
    if (result.kind === "abandoned") countAbandoned(result);
    message.ack();
  } catch (error) {
    log({ event: "gate.unavailable", gate: parsed.gate, error });
    await waitForGate(deps.queue, message);
  } finally {
    timer.end();
  }
}

function take(deps: ConsumerDeps, gate: GateClient, message: RunMessage): Promise<Taken> {
  const { runKey, notified, hintedRunId, acceptance } = message;
  const { isAlone, budget, rules } = deps;
  return gate.take({ runKey, notified, hintedRunId, isAlone, leaseMs: budget.leaseMs }, acceptance, rules);
}

// Throws when the gate does not answer. A run that made this code throw is let go: otherwise the next message would find
// it in this one's hands.
async function moveLeased(
  deps: ConsumerDeps & RunDeps,
  gate: GateClient,
  leased: LeasedRun,
  message: Message,
): Promise<void> {
  const { runKey, revision } = leased;
  const queuedMs = Math.max(0, Date.now() - message.timestamp.getTime());
  // A later try is late because it was put off.
  if (message.attempts === 1) isolateSums.countMessage(queuedMs);
  let moved: Moved;
  try {
    moved = await moveRun(deps, leased);
  } catch (error) {
    log({ event: "run.move_failed", gate: gate.id, attempts: message.attempts, error });
    return gate.release(runKey, revision);
  }
  if (moved.kind === "large") return gate.sendAlone(runKey, revision);
  const reported = await gate.report(runKey, revision, moved, deps.rules);
  if (reported !== null) await countReport(deps.metrics, leased, moved, reported, queuedMs);
}

// The job is a row, and the next read of it sends another message: nothing is lost with this one.
async function redeliver(
  deps: ConsumerDeps,
  message: Message,
  { redelivery }: RedeliveryMessage,
): Promise<void> {
  await workRedelivery(deps, redelivery).catch((error: unknown) =>
    log({ event: "redelivery.failed", redelivery, error }),
  );
  message.ack();
}

// A gate that is away says nothing of its run, so the message must not end among the dead letters: the gate sends
// another one when it is back. What it cannot send is a yes that it was never told, because it was away at settling.
async function waitForGate(queue: Queue, message: Message): Promise<void> {
  if (message.attempts < GATE_ATTEMPTS)
    return message.retry({ delaySeconds: GATE_PAUSE_SECONDS * message.attempts });
  await goRound(queue, message);
}

async function goRound(queue: Queue, message: Message): Promise<void> {
  const parsed = parseRunMessage(message.body);
  if (parsed === null || (parsed.acceptance === null && parsed.hintedRunId === null)) return message.ack();
  try {
    await sendMessage(queue, parsed, { delaySeconds: GATE_ROUND_SECONDS });
    message.ack();
  } catch (error) {
    log({ event: "queue.unavailable", gate: parsed.gate, error });
    message.retry({ delaySeconds: GATE_ROUND_SECONDS });
  }
}

function consumerDeps(env: Env, isAlone: boolean): ConsumerDeps | null {
  const services = findServices(env);
  if (services === null) return null;
  const { settings, upstream, network, pausedHosts } = services;
  return {
    ...services,
    isAlone,
    pauses: pausedHosts.forInvocation(),
    rules: buildRunRules(settings),
    budget: new InvocationBudget(settings, upstream.sender === network, isAlone, Date.now()),
  };
}
