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
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { moveRunsOn } from "../../src/progress/consumer.ts";
import type { Pointer } from "../../src/progress/pointer.ts";
import { ACTION, type Answer, type Call, type Gateway, makeGateway, ORIGIN } from "./gateway.ts";
import { books } from "./ledger.ts";
import { TestQueue } from "./queue.ts";
import { json } from "./upstream.ts";

export const HOOK = "https://client.example/hook";
/** Claims of a caller whose runs are charged. */
export const PAYING = { billing: JSON.stringify({ is_billable: true }) };

export type Received = { atMs: number; url: string; headers: Headers; body: string };

export type Started = { runId: string; ref: string; completion: string };

/** As in wrangler.toml: the first, and five more. */
const MAX_TRIES = 6;

type Receive = (received: Received) => Response | Promise<Response>;

export class Stage {
  readonly gateway: Gateway;
  readonly queue: TestQueue;
  /** Everything that any receiver got, in order. */
  readonly received: Received[] = [];
  /** Runs that the upstream says are still waiting. */
  readonly waiting = new Set<string>();
  #receive: Receive = () => new Response(null, { status: 204 });

  private constructor(gateway: Gateway, queue: TestQueue) {
    this.gateway = gateway;
    this.queue = queue;
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
    stage.gateway.upstream.behave(({ method, path }, honest) => {
      const id = path.split("/").at(-1) ?? "";
      const waits = method === "GET" && stage.waiting.has(id);
      return waits ? json(202, { type: "run", id, status: "waiting" }) : honest();
    });
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
  lastRef(): { ref: string; completion: string } {
    const { data }: { data: { callback_url: string } } = JSON.parse(
      this.gateway.upstream.starts.at(-1)?.body ?? "",
    );
    const completion = new URL(data.callback_url).pathname;
    return { ref: completion.replace("/completions/", ""), completion };
  }

  /** The upstream says that a run has ended. */
  push({ completion, runId }: Pick<Started, "completion" | "runId">): Promise<Answer> {
    const body = JSON.stringify({ type: "run", id: runId, status: "success" });
    return this.gateway.call(completion, { method: "POST", claims: null, body });
  }

  /** Hands pointers to the consumer as one batch. */
  async consume(
    pointers: Pointer[],
    { env: bound = this.gateway.env, attempts = 1, sentAtMs = Date.now() } = {},
  ) {
    const messages = pointers.map((body) => {
      return { id: crypto.randomUUID(), timestamp: new Date(sentAtMs), attempts, body };
    });
    const batch = createMessageBatch("edge-actions-runs", messages);
    const context = createExecutionContext();
    const close = openUntilReturned(batch);
    await moveRunsOn(batch, bound, context);
    close();
    await waitOnExecutionContext(context);
    const result = await getQueueResult(batch, context);
    const again = new Set(result.retryMessages.map(({ msgId }) => msgId));
    return { ...result, again: messages.filter(({ id }) => again.has(id)).map(({ body }) => body) };
  }

  /** Until the queue is empty. What the consumer hands back comes again at once, as often as the queue tries a message. */
  async drain(): Promise<void> {
    for (;;) {
      let pointers = this.queue.take();
      if (pointers.length === 0) return;
      for (let attempts = 1; pointers.length > 0 && attempts <= MAX_TRIES; attempts += 1)
        pointers = (await this.consume(pointers, { attempts })).again;
    }
  }

  /** Lets time pass: the queue delivers at once, the gate's alarm rings when it is due. */
  async pass(ms: number, subject = "alice"): Promise<void> {
    const endMs = Date.now() + ms;
    for (let rings = 0; rings < 2_000; rings += 1) {
      await this.drain();
      const ringsAtMs = await this.alarmAt(subject);
      if (ringsAtMs === null || ringsAtMs > endMs) {
        vi.setSystemTime(endMs);
        return;
      }
      vi.setSystemTime(Math.max(ringsAtMs, Date.now()));
      await this.ring(subject);
    }
    throw new Error("the alarm rings for ever");
  }

  async ring(subject = "alice"): Promise<void> {
    await runDurableObjectAlarm(await this.gateway.gateOf(subject));
  }

  async alarmAt(subject = "alice"): Promise<number | null> {
    return runInDurableObject(await this.gateway.gateOf(subject), (_gate, { storage }) => storage.getAlarm());
  }

  /** How many rows the gate still keeps. */
  async rows(subject = "alice"): Promise<number> {
    return runInDurableObject(
      await this.gateway.gateOf(subject),
      (_gate, { storage }) => storage.sql.exec<{ n: number }>("SELECT COUNT(*) AS n FROM runs").one().n,
    );
  }

  books() {
    return books(env.LEDGER);
  }

  deliveries(runId: string, call: Call = {}): Promise<Answer> {
    return this.gateway.call(deliveriesOf(runId), call);
  }

  redeliver(runId: string, call: Call = {}): Promise<Answer> {
    return this.gateway.call(`${deliveriesOf(runId)}/redeliver`, { ...call, method: "POST" });
  }

  async #answer(request: Request): Promise<Response> {
    const { url, headers } = request;
    if (url.startsWith(ORIGIN)) throw new Error("nobody sends callbacks to the gateway");
    const received = { atMs: Date.now(), url, headers, body: await request.text() };
    this.received.push(received);
    return this.#receive(received);
  }
}

export function deliveriesOf(runId: string): string {
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
