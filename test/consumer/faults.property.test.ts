// Promises 2 to 5 under faults in any order: calls that fail or are never answered, lost and repeated messages, consumers
// that are killed, objects that are evicted, a caller who tries again. Then all is well, time passes, and every run that
// a caller was told 202 for is accounted for: delivered, or a dead letter that operators see; every success charged once, and
// nothing else. Sent again, the dead letters are delivered and charged like the others, and nothing is left in the gate.
import { evictAllDurableObjects, reset } from "cloudflare:test";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RunMessage } from "../../src/gate/run-message.ts";
import { HOUR, MINUTE, SECOND, stopClock } from "../support/clock.ts";
import { weighted } from "../support/commands.ts";
import { type Death, dyingAt } from "../support/dying.ts";
import { freshIndex, readDeadLetters } from "../support/operators-index.ts";
import { Stage, type Started } from "../support/stage.ts";
import { type Fault, Weather } from "./weather.ts";

beforeEach(() => {
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

type Order = { callback: boolean; billable: boolean; id: string | null };
type Accepted = Order & Started;

type Command =
  | { do: "start"; callback: boolean; billable: boolean; hasId: boolean; waits: boolean }
  /** The caller, with the same id. */
  | { do: "try again"; order: number }
  | { do: "push"; run: number }
  | { do: "end"; run: number }
  | { do: "consume"; death: Death | null; twice: boolean; reversed: boolean; loses: number }
  | { do: "fail"; fault: Fault }
  | { do: "pass"; ms: number }
  /** The clock is set right. */
  | { do: "step"; ms: number }
  /** The upstream forgets the run, until all is well. */
  | { do: "lose"; run: number }
  /** An operator gives it up. */
  | { do: "abandon"; run: number }
  | { do: "evict" };

const death = fc.record({ at: fc.nat({ max: 8 }), when: fc.constantFrom("before", "after") });
const fault: fc.Arbitrary<Fault> = fc.record({
  at: fc.constantFrom("USER_GATE", "KV", "index", "DESTINATION_BREAKER", "upstream", "receiver", "queue"),
  mood: fc.constantFrom("down", "mute"),
  calls: fc.integer({ min: 1, max: 6 }),
});
const command: fc.Arbitrary<Command> = fc.oneof(
  weighted(4, {
    do: fc.constant("start"),
    callback: fc.boolean(),
    billable: fc.boolean(),
    hasId: fc.boolean(),
    waits: fc.boolean(),
  }),
  weighted(1, { do: fc.constant("try again"), order: fc.nat() }),
  weighted(3, { do: fc.constant("push"), run: fc.nat() }),
  weighted(1, { do: fc.constant("end"), run: fc.nat() }),
  weighted(4, {
    do: fc.constant("consume"),
    death: fc.option(death, { nil: null }),
    twice: fc.boolean(),
    reversed: fc.boolean(),
    loses: fc.nat({ max: 2 }),
  }),
  weighted(5, { do: fc.constant("fail"), fault }),
  weighted(2, {
    do: fc.constant("pass"),
    ms: fc.constantFrom(SECOND, 5 * SECOND, MINUTE, 10 * MINUTE, 90 * HOUR),
  }),
  weighted(1, { do: fc.constant("step"), ms: fc.constantFrom(-30 * SECOND, -SECOND, 20 * MINUTE) }),
  weighted(1, { do: fc.constant("lose"), run: fc.nat() }),
  weighted(1, { do: fc.constant("abandon"), run: fc.nat() }),
  weighted(1, { do: fc.constant("evict") }),
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
    await freshIndex();
    stopClock();
    const weather = new Weather();
    const stage = await Stage.set({ RUN_POLL_SCHEDULE: "2,60,14400" }, weather.bindings);
    weather.reign(stage);
    return new Scene(stage, weather);
  }

  async obey(given: Command): Promise<void> {
    const { stage, weather } = this;
    switch (given.do) {
      case "start":
        return this.#start({ ...given, id: given.hasId ? crypto.randomUUID() : null }, given.waits);
      case "try again":
        return this.#tryAgain(pick(this.orders, given.order));
      case "end":
        stage.waiting.delete(pick(this.accepted, given.run)?.runId ?? "");
        return;
      case "consume":
        return this.#consume(given);
      case "fail":
        return weather.add(given.fault);
      case "pass":
        return stage.pass(given.ms);
      case "step":
        vi.setSystemTime(Date.now() + given.ms);
        return;
      case "push":
      case "lose":
      case "abandon":
        return this.#befall(given.do, pick(this.accepted, given.run));
      case "evict":
        return evictAllDurableObjects();
    }
  }

  async #befall(what: "push" | "lose" | "abandon", run: Accepted | undefined): Promise<void> {
    if (run === undefined) return;
    if (what === "push") await this.stage.push(run);
    if (what === "lose") this.weather.unknownRuns.add(run.runId);
    if (what === "abandon") await this.stage.abandon(run);
  }

  /** The upstream, the receiver, the operators' index and everything in between do what they should. */
  async allIsWell(): Promise<void> {
    this.weather.clear();
    this.stage.waiting.clear();
    await this.stage.pass(100 * HOUR);
  }

  /** An operator sends every dead letter again. */
  async redeliverAll(): Promise<void> {
    const gate = await this.stage.gateway.gateOf();
    for (const { run_id } of await readDeadLetters()) await gate.redeliver(run_id);
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
    this.accepted.push({ ...order, runId, ...this.#findRef(runId) });
  }

  /** Where the upstream was told to report that run's end to. */
  #findRef(runId: string): { ref: string; completion: string } {
    const { runs, starts } = this.stage.gateway.upstream;
    return this.stage.lastRef(
      starts.filter(({ body }) => runs.get(JSON.parse(body).data.idempotency_id) === runId),
    );
  }

  async #tryAgain(order: Order | undefined): Promise<void> {
    if (order === undefined || order.id === null) return;
    // No attempt holds its claim any more.
    await this.stage.pass(20 * SECOND);
    await this.#start(order, false);
  }

  async #consume({ death: at, twice, reversed, loses }: Command & { do: "consume" }): Promise<void> {
    const messages = [...this.stage.queue.take(), ...this.stage.queue.takeAlone()];
    const kept = messages.filter((message, index) => index >= loses || !mayBeDropped(message));
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

/** What a gate sends it sends again; what only the queue knows is as durable as the queue. */
function mayBeDropped({ acceptance, hintedRunId }: RunMessage): boolean {
  return acceptance === null && hintedRunId === null;
}

function pick<T>(from: readonly T[], at: number): T | undefined {
  return from[at % from.length];
}

/** By their callers' own accounts, and the operators'. */
async function readAccounts({ stage, accepted }: Scene): Promise<unknown[]> {
  const { runs, charges } = await stage.records();
  const delivered = new Set(stage.deliveredIds);
  const deadLetters = new Set((await readDeadLetters()).map(({ run_id }) => run_id));
  return accepted.map(({ runId, callback }) => ({
    isDelivered: delivered.has(runId),
    state: callback ? runs.find(({ run_id }) => run_id === runId)?.state : "none",
    isDeadLetter: deadLetters.has(runId),
    charges: charges.filter(({ run_id }) => run_id === runId).length,
  }));
}

/** Delivered, or shown to operators; a success that was read is charged once, and nothing else is. */
async function expectAccounted(scene: Scene): Promise<void> {
  const { stage, accepted } = scene;
  const { runs, charges } = await stage.records();
  const deadLetters = new Set((await readDeadLetters()).map(({ run_id }) => run_id));
  const ended = new Set(runs.filter(({ result }) => result === "success").map(({ run_id }) => run_id));
  const wanted = accepted.map(({ runId, callback, billable }) => {
    const isDeadLetter = deadLetters.has(runId);
    const state = callback ? (isDeadLetter ? "dead" : "delivered") : "none";
    // One that was sent may be abandoned all the same, when no consumer lived to report it.
    return {
      isDelivered: isDeadLetter ? expect.any(Boolean) : callback,
      state,
      isDeadLetter,
      charges: billable && ended.has(runId) ? 1 : 0,
    };
  });
  expect(await readAccounts(scene)).toEqual(wanted);
  const billable = new Set(accepted.filter((run) => run.billable).map(({ runId }) => runId));
  expect(charges.filter(({ run_id }) => !billable.has(run_id))).toEqual([]);
}

async function expectKept(scene: Scene): Promise<void> {
  const wanted = scene.accepted.map(({ callback, billable }) => ({
    isDelivered: callback,
    state: callback ? "delivered" : "none",
    isDeadLetter: false,
    charges: billable ? 1 : 0,
  }));
  expect(await readAccounts(scene)).toEqual(wanted);
  // So long the row of a start is kept whose answer did not arrive.
  await scene.stage.pass(15 * 24 * HOUR);
  expect(await scene.stage.rows()).toBe(0);
}

test("whatever fails, every run that was accepted is delivered or shown, and every success is charged once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 25, size: "max" }), async (given) => {
      const scene = await Scene.set();
      await scene.obey({ do: "start", callback: true, billable: true, hasId: true, waits: false });
      for (const one of given) await scene.obey(one);
      await scene.allIsWell();
      await expectAccounted(scene);
      await scene.redeliverAll();
      await expectKept(scene);
    }),
    { numRuns: 20 },
  );
});
