// The gateway's own code with bindings that do nothing in place of the simulators that STUBS names: what it takes less is
// their share. KV forgets; the queue hands on what has come within a hundredth of a second. The bundle's wrangler.toml is
// the gateway's.
import { WorkerEntrypoint, waitUntil } from "cloudflare:workers";
import gateway, { UserGate as Gate } from "../../../src/index.ts";

export { DestinationBreaker, MetricsAggregator } from "../../../src/index.ts";

type StubbedEnv = Env & { STUBS: string; CONSUMER: Service<Consumer> };

const QUEUE_MS = 10;
const MAX_BATCH = 100;
const done = () => undefined;
const nothing = async () => null;
const KV = {
  get: nothing,
  put: nothing,
  delete: nothing,
  list: async () => ({ keys: [], list_complete: true }),
};

const stubbed = new WeakMap<StubbedEnv, Env>();

/** The same one each time: the gateway keeps what it has built of it. */
function stub(env: StubbedEnv): Env {
  const known = stubbed.get(env) ?? Object.assign({ ...env }, stubs(env));
  stubbed.set(env, known);
  return known;
}

/** Messages under way. */
const waiting: unknown[] = [];

// Not at once: a completion would be looked at before its start is settled, and each message would be a batch of its own.
async function flush(consumer: Service<Consumer>): Promise<void> {
  await scheduler.wait(QUEUE_MS);
  while (waiting.length > 0) await consumer.take(waiting.splice(0, MAX_BATCH));
}

function stubs({ STUBS, CONSUMER }: StubbedEnv): Record<string, object> {
  const handOn = async (bodies: unknown[]) => {
    if (waiting.push(...bodies) === bodies.length) waitUntil(flush(CONSUMER));
  };
  const queue = {
    send: (body: unknown) => handOn([body]),
    sendBatch: (messages: { body: unknown }[]) => handOn(messages.map(({ body }) => body)),
  };
  return { ...(STUBS.includes("KV") && { KV }), ...(STUBS.includes("queues") && { RUNS: queue }) };
}

export class UserGate extends Gate {
  constructor(state: DurableObjectState, env: StubbedEnv) {
    super(state, stub(env));
  }
}

export class Consumer extends WorkerEntrypoint<StubbedEnv> {
  take(bodies: unknown[]): Promise<void> {
    const message = { id: "", timestamp: new Date(), attempts: 1, ack: done, retry: done };
    const messages = bodies.map((body) => ({ ...message, body }));
    const metadata = { metrics: { backlogCount: 0, backlogBytes: 0 } };
    const batch = { queue: "edge-actions-runs", messages, metadata, ackAll: done, retryAll: done };
    return gateway.queue(batch, stub(this.env), this.ctx);
  }
}

export default {
  fetch: (request, env, context) => gateway.fetch(request, stub(env), context),
  queue: (batch, env, context) => gateway.queue(batch, stub(env), context),
} satisfies ExportedHandler<StubbedEnv>;
