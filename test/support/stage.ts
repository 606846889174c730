// A gateway whose runs owe something, with everything around it in the test's hands: the upstream, the queue, the
// alarms, the receivers of callbacks. Time passes only in `pass`, which rings the user's gate whenever its alarm is due.
import {
  createExecutionContext,
  createMessageBatch,
  getQueueResult,
  runDurableObjectAlarm,
  runInDurableObject,
  waitOnExecutionContext,
} from "cloudflare:test";
import { test, vi } from "vitest";
import { moveRunsOn } from "../../src/consumer/consumer.ts";
import type { RunMessage } from "../../src/gate/run-message.ts";
import { GateStore } from "../../src/gate/store/gate-store.ts";
import {
  ACTION,
  type Answer,
  type Call,
  COMPLETION_TOKEN,
  type Gateway,
  makeGateway,
  ORIGIN,
} from "./gateway.ts";
import { logGuard } from "./log-guard.ts";
import { TestQueue } from "./queue.ts";
import { type Records, recordsOfGates } from "./records.ts";

export const HOOK = "https://client.example/hook";
/** Claims of a caller whose runs are charged. */
export const PAYING = { billing: JSON.stringify({ is_billable: true }) };

export type Received = { atMs: number; url: string; headers: Headers; body: string };

export type Started = { runId: string; ref: string; completion: string };

/** As in wrangler.toml: the first, and five more. */
const MAX_ATTEMPTS = 6;

/** `text()` would leave a byte-order mark out. */
const EXACT_UTF8 = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

type Receive = (received: Received) => Response | Promise<Response>;

export class Stage {
  readonly gateway: Gateway;
  readonly queue: TestQueue;
  /** Everything that any receiver got, in order. */
  readonly received: Received[] = [];
  /** Runs that the upstream says are still waiting. */
  readonly waiting: Set<string>;
  #receive: Receive = () => new Response(null, { status: 204 });

  private constructor(gateway: Gateway, queue: TestQueue) {
    this.gateway = gateway;
    this.queue = queue;
    this.waiting = gateway.upstream.waiting;
  }

  static async set(
    vars: Record<string, string> = {},
    bindings: (env: Env) => Partial<Env> = () => ({}),
    others: Parameters<typeof makeGateway>[2] = {},
  ): Promise<Stage> {
    const queue = new TestQueue();
    queue.install();
    const stage = new Stage(await makeGateway(vars, bindings, others), queue);
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) =>
      stage.#answer(new Request(input, init)),
    );
    stage.gateway.upstream.behaveHonestly();
    return stage;
  }

  /** From now on every receiver answers so. */
  receive(receive: Receive): void {
    this.#receive = receive;
  }

  /** Starts a run with a callback, as a paying alice unless told otherwise. */
  async start(data: Record<string, unknown> = {}, call: Call = {}): Promise<Started> {
    const answer = await this.tryStart(data, call);
    if (answer.status !== 202) throw new Error(`the start got ${answer.status}: ${answer.text}`);
    return { runId: answer.body.data.id, ...this.lastRef() };
  }

  tryStart(data: Record<string, unknown> = {}, { claims, ...call }: Call = {}): Promise<Answer> {
    return this.gateway.start({ callback_url: HOOK, ...data }, { ...call, claims: { ...PAYING, ...claims } });
  }

  /** What the upstream was given last as the place to report the end to. */
  lastRef(starts = this.gateway.upstream.starts): { ref: string; completion: string } {
    const { data }: { data: { callback_url: string } } = JSON.parse(starts.at(-1)?.body ?? "");
    const completion = new URL(data.callback_url).pathname;
    return { ref: completion.replace("/completions/", ""), completion };
  }

  /** The upstream says that a run has ended; `isProven`: with the token that proves that it is the upstream. */
  push({ completion, runId }: Pick<Started, "completion" | "runId">, isProven = true): Promise<Answer> {
    const body = JSON.stringify({ type: "run", id: runId, status: "success" });
    const headers: Record<string, string> = isProven ? { authorization: `Bearer ${COMPLETION_TOKEN}` } : {};
    return this.gateway.call(completion, { method: "POST", claims: null, body, headers });
  }

  /** The same, and the consumer learns of it. */
  async finish<Run extends Pick<Started, "completion" | "runId">>(run: Run, isProven = true): Promise<Run> {
    await this.push(run, isProven);
    await this.drain();
    return run;
  }

  /** Hands messages to the consumer as one batch; `isAlone`: of the dead-letter queue. */
  async consume(
    sent: RunMessage[],
    { env: bound = this.gateway.env, attempts = 1, sentAtMs = Date.now(), isAlone = false } = {},
  ) {
    const messages = sent.map((body) => {
      return { id: crypto.randomUUID(), timestamp: new Date(sentAtMs), attempts, body };
    });
    const batch = createMessageBatch(isAlone ? "edge-actions-runs-dead" : "edge-actions-runs", messages);
    const context = createExecutionContext();
    const close = openUntilReturned(batch);
    await moveRunsOn(batch, bound, context);
    close();
    await waitOnExecutionContext(context);
    const result = await getQueueResult(batch, context);
    const again = new Set(result.retryMessages.map(({ msgId }) => msgId));
    return { ...result, again: messages.filter(({ id }) => again.has(id)).map(({ body }) => body) };
  }

  /**
   * Until both queues have nothing to hand out. What the consumer hands back comes again at once, as often as the queue
   * tries a message; then it is in the dead-letter queue, whose batches are of one.
   */
  async drain(env = this.gateway.env): Promise<void> {
    for (;;) {
      const messages = this.queue.take();
      const alone = this.queue.takeAlone();
      if (messages.length + alone.length === 0) return;
      this.queue.putIntoDeadLetters(await this.#try(messages, { env, isAlone: false }));
      for (const message of alone) await this.#try([message], { env, isAlone: true });
    }
  }

  /** Answers with what the consumer never took. */
  async #try(messages: RunMessage[], how: { env: Env; isAlone: boolean }): Promise<RunMessage[]> {
    let left = messages;
    for (let attempts = 1; left.length > 0 && attempts <= MAX_ATTEMPTS; attempts += 1)
      left = (await this.consume(left, { ...how, attempts })).again;
    return left;
  }

  /** Lets time pass: the queue delivers at once, the gate's alarm rings when it is due. */
  async pass(ms: number, subject = "alice", env = this.gateway.env): Promise<void> {
    const endMs = Date.now() + ms;
    for (let rings = 0; rings < 2_000; rings += 1) {
      await this.drain(env);
      const ringsAtMs = (await this.alarmAt(subject)) ?? Number.POSITIVE_INFINITY;
      const nextAtMs = Math.min(ringsAtMs, this.queue.nextAtMs() ?? Number.POSITIVE_INFINITY);
      if (nextAtMs > endMs) {
        vi.setSystemTime(endMs);
        return;
      }
      vi.setSystemTime(Math.max(nextAtMs, Date.now()));
      if (ringsAtMs <= Date.now()) await this.ring(subject);
    }
    throw new Error("the alarm rings for ever");
  }

  async ring(subject = "alice"): Promise<void> {
    await runDurableObjectAlarm(await this.gateway.gateOf(subject));
  }

  async alarmAt(subject = "alice"): Promise<number | null> {
    return runInDurableObject(await this.gateway.gateOf(subject), (_gate, { storage }) => storage.getAlarm());
  }

  /** How many open runs the gate still keeps. */
  async rows(): Promise<number> {
    return runInDurableObject(
      await this.gateway.gateOf(),
      (_gate, { storage }) => new GateStore(storage).openRuns.load().rows.length,
    );
  }

  /** What is on record in alice's gate, and in those that have sent a message. */
  async records(): Promise<Records> {
    const alice = (await this.gateway.gateOf()).id.toString();
    return recordsOfGates(new Set([alice, ...this.queue.offered.map(({ gate }) => gate)]));
  }

  /** Received, runs, attempts and charges on record, and rows that the gate still keeps. */
  async counts(): Promise<number[]> {
    const { runs, attempts, charges } = await this.records();
    return [this.received.length, runs.length, attempts.length, charges.length, await this.rows()];
  }

  /** What a caller is told of a run's callback. */
  async state({ runId }: Pick<Started, "runId">): Promise<string> {
    return (await this.deliveries(runId)).body.data.state;
  }

  /** Runs of which receivers were told, in order. */
  get deliveredIds(): string[] {
    return this.received.map(({ body }): string => JSON.parse(body).id);
  }

  async chargedIds(): Promise<string[]> {
    return (await this.records()).charges.map(({ run_id }) => run_id);
  }

  /** How often the upstream was asked for a run. */
  get reads(): number {
    return this.gateway.upstream.asked.filter(({ method }) => method === "GET").length;
  }

  /** As an operator does. False: nothing of it is under way. */
  async abandon({ ref }: Pick<Started, "ref">): Promise<boolean> {
    return (await this.gateway.gateOf()).abandon(ref.split(".")[1] ?? "");
  }

  deliveries(runId: string, call: Call = {}): Promise<Answer> {
    return this.gateway.call(deliveriesPath(runId), call);
  }

  redeliver(runId: string, call: Call = {}): Promise<Answer> {
    return this.gateway.call(`${deliveriesPath(runId)}/redeliver`, { ...call, method: "POST" });
  }

  async #answer(request: Request): Promise<Response> {
    const { url, headers } = request;
    if (url.startsWith(ORIGIN)) throw new Error("a callback was sent to the gateway");
    const body = EXACT_UTF8.decode(await request.arrayBuffer());
    const received = { atMs: Date.now(), url, headers, body };
    for (const signature of headers.get("webhook-signature")?.split(" ") ?? [])
      logGuard.secrets.add(signature.replace(/^v1,/, ""));
    this.received.push(received);
    return this.#receive(received);
  }
}

/** Of tests that need a stage on which nothing has happened, behind what is done before each. */
export const it = test.extend("stage", () => Stage.set());

export function deliveriesPath(runId: string): string {
  return `/actions/v1/stored-actions/${ACTION}/runs/${runId}/deliveries`;
}

/** As on the platform: what is said of a message after the handler has returned comes too late. */
function openUntilReturned({ messages }: MessageBatch): () => void {
  let open = true;
  for (const message of messages) {
    const retry = message.retry.bind(message);
    message.retry = (options) => {
      if (open) retry(options);
    };
  }
  return () => {
    open = false;
  };
}
