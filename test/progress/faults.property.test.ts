// Promises 2 to 5 under faults in any order: calls that fail or are never answered, lost and repeated messages, consumers
// that are killed, objects that are evicted, a caller who tries again. Then all is well, time passes, and every run that
// a caller was told 202 for is accounted for: delivered at least once, charged exactly once, and nothing is left in the gate.
import { evictAllDurableObjects, reset } from "cloudflare:test";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Pointer } from "../../src/progress/pointer.ts";
import { HOUR, MINUTE, SECOND, stopClock } from "../support/clock.ts";
import { type Death, dyingAt } from "../support/dying.ts";
import { freshLedger } from "../support/ledger.ts";
import { Stage } from "../support/stage.ts";
import { type Fault, toldOf, Weather } from "./weather.ts";

const TIMEOUT_MS = 180_000;

beforeEach(() => {
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

type Order = { callback: boolean; billable: boolean; id: string | null };
type Accepted = Order & { runId: string; completion: string };

type Command =
  | { do: "start"; callback: boolean; billable: boolean; named: boolean; waits: boolean }
  /** The caller, with the same id. */
  | { do: "try again"; order: number }
  | { do: "push"; run: number }
  | { do: "end"; run: number }
  | { do: "consume"; death: Death | null; twice: boolean; reversed: boolean; loses: number }
  | { do: "fail"; fault: Fault }
  | { do: "pass"; ms: number }
  | { do: "evict" };

const death = fc.record({ at: fc.nat({ max: 8 }), when: fc.constantFrom("before", "after") });
const fault: fc.Arbitrary<Fault> = fc.record({
  at: fc.constantFrom("USER_GATE", "KV", "LEDGER", "DESTINATION_BREAKER", "upstream", "receiver", "queue"),
  mood: fc.constantFrom("down", "mute"),
  calls: fc.integer({ min: 1, max: 6 }),
});
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("start"),
      callback: fc.boolean(),
      billable: fc.boolean(),
      named: fc.boolean(),
      waits: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("try again"), order: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("push"), run: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("end"), run: fc.nat() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("consume"),
      death: fc.option(death, { nil: null }),
      twice: fc.boolean(),
      reversed: fc.boolean(),
      loses: fc.nat({ max: 2 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("fail"), fault }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("pass"),
      ms: fc.constantFrom(SECOND, 5 * SECOND, MINUTE, 10 * MINUTE),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("evict") }) },
);

class Scene {
  readonly stage: Stage;
  readonly weather: Weather;
  readonly orders: Order[] = [];
  readonly accepted: Accepted[] = [];
  /** A host of its own: what failed elsewhere is not its trouble. */
  readonly #hook = `https://${crypto.randomUUID()}.example/hook`;

  private constructor(stage: Stage, weather: Weather) {
    this.stage = stage;
    this.weather = weather;
  }

  static async set(): Promise<Scene> {
    await freshLedger();
    stopClock();
    const weather = new Weather();
    const stage = await Stage.set({}, weather.bindings);
    weather.reign(stage);
    return new Scene(stage, weather);
  }

  async obey(given: Command): Promise<void> {
    const { stage, weather } = this;
    switch (given.do) {
      case "start":
        return this.#start({ ...given, id: given.named ? crypto.randomUUID() : null }, given.waits);
      case "try again":
        return this.#tryAgain(pick(this.orders, given.order));
      case "push": {
        const run = pick(this.accepted, given.run);
        if (run !== undefined) await stage.push(run);
        return;
      }
      case "end":
        stage.waiting.delete(pick(this.accepted, given.run)?.runId ?? "");
        return;
      case "consume":
        return this.#consume(given);
      case "fail":
        return weather.add(given.fault);
      case "pass":
        return stage.pass(given.ms);
      case "evict":
        return evictAllDurableObjects();
    }
  }

  /** The upstream, the receiver, the books and everything in between do what they should. */
  async allIsWell(): Promise<void> {
    this.weather.clear();
    this.stage.waiting.clear();
    await this.stage.pass(100 * HOUR);
  }

  async #start(order: Order, waits: boolean): Promise<void> {
    const { callback, billable, id } = order;
    this.orders.push(order);
    const data = {
      callback_url: callback ? this.#hook : undefined,
      ...(id === null ? {} : { idempotency_id: id }),
    };
    const claims = { billing: JSON.stringify({ is_billable: billable }) };
    const { status, body } = await this.stage.tryStart(data, { claims, circumstances: { rateLimit: "any" } });
    if (status !== 202) return;
    const runId: string = body.data.id;
    if (waits) this.stage.waiting.add(runId);
    if (!callback && !billable) return;
    this.accepted.push({ ...order, runId, completion: this.#completionOf(runId) });
  }

  /** Where the upstream was told to report that run's end to. */
  #completionOf(runId: string): string {
    const { runs, starts } = this.stage.gateway.upstream;
    const given = starts.map(({ body }): Record<string, string> => JSON.parse(body).data);
    const found = given.findLast(({ idempotency_id: id = "" }) => runs.get(id) === runId);
    return new URL(found?.["callback_url"] ?? "").pathname;
  }

  async #tryAgain(order: Order | undefined): Promise<void> {
    if (order === undefined || order.id === null) return;
    // Nobody holds its claim any more.
    await this.stage.pass(20 * SECOND);
    await this.#start(order, false);
  }

  async #consume({ death: at, twice, reversed, loses }: Command & { do: "consume" }): Promise<void> {
    const pointers = this.stage.queue.take();
    const kept = pointers.filter((pointer, index) => index >= loses || !mayBeLost(pointer));
    const once = reversed ? kept.toReversed() : kept;
    const given = twice ? [...once, ...once] : once;
    if (at === null) return this.stage.queue.putBack((await this.stage.consume(given)).again);
    const { bindings, died } = dyingAt(at);
    const { env } = this.stage.gateway;
    const consumed = this.stage.consume(given, { env: { ...env, ...bindings(env) } });
    const isDead = await Promise.race([died.then(() => true), consumed.then(() => false)]);
    if (isDead) this.stage.queue.putBack(given);
  }
}

/** What a gate sends it sends again; a name that only the queue knows is as durable as the queue. */
function mayBeLost({ runId }: Pointer): boolean {
  return runId === null;
}

function pick<T>(from: readonly T[], at: number): T | undefined {
  return from[at % from.length];
}

async function expectAccounted({ stage, accepted }: Scene): Promise<void> {
  const { runs, charges } = await stage.books();
  const told = toldOf(stage.received);
  const count = new Map<string, number>();
  for (const { run_id } of charges) count.set(run_id, (count.get(run_id) ?? 0) + 1);
  const account = accepted.map(({ runId, callback, billable }) => ({
    told: told.has(runId) === callback,
    state: runs.find(({ run_id }) => run_id === runId)?.state === (callback ? "delivered" : "none"),
    charged: (count.get(runId) ?? 0) === (billable ? 1 : 0),
  }));
  expect(account).toEqual(accepted.map(() => ({ told: true, state: true, charged: true })));
  expect(Math.max(0, ...count.values())).toBeLessThanOrEqual(1);
  expect(await stage.rows()).toBe(0);
}

test(
  "whatever fails, every run that was accepted is delivered and charged once all is well",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 25, size: "max" }), async (given) => {
        const scene = await Scene.set();
        await scene.obey({ do: "start", callback: true, billable: true, named: true, waits: false });
        for (const one of given) await scene.obey(one);
        await scene.allIsWell();
        await expectAccounted(scene);
      }),
      { numRuns: 25 },
    );
  },
  TIMEOUT_MS,
);
