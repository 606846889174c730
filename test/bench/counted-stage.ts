// Counts every billed operation of a whole gateway: what the Worker calls, what the gate and a receiver's breaker write,
// what KV, D1 and the queue are asked, log lines and metric points. bench/scale/counted.ts keeps the counts.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { Counted, Counts } from "../../bench/scale/counted.ts";
import { breakerOf } from "../../src/callbacks/destination-breaker.ts";
import { tapped } from "../support/bindings.ts";
import { moveClock } from "../support/clock.ts";
import { Points } from "../support/points.ts";
import { meterObject, meterRows, type RowMeter } from "../support/rows.ts";
import { Stage } from "../support/stage.ts";

const MAX_RINGS = 200;
/**
 * An object has the bindings of the test's own configuration, which has no settings; and what the isolate says by itself, at
 * most once in seconds, because it is shared with the tests before.
 */
const OF_THE_ISOLATE = ['"event":"settings.invalid"', '"event":"metrics.flush_failed"'];
/** Longer than the gate waits with the count; that timer is real. */
const WRITE_BEHIND_MS = 250;

/** A stage of which everything is counted, and whose user is alice. */
export class CountedStage {
  readonly stage: Stage;
  /** Nothing has failed there before. */
  readonly receiver: string;
  readonly #seen: Recorded;
  readonly #gate: RowMeter;
  readonly #breaker: RowMeter;
  #requests = 0;
  #alarms = 0;

  private constructor(stage: Stage, receiver: string, seen: Recorded, gate: RowMeter, breaker: RowMeter) {
    this.stage = stage;
    this.receiver = receiver;
    this.#seen = seen;
    this.#gate = gate;
    this.#breaker = breaker;
  }

  static async set(): Promise<CountedStage> {
    const seen: Recorded = { calls: [], kv: [], d1Rows: [], lines: [], points: new Points() };
    const stage = await Stage.set({}, (real) =>
      tapped({ ...real, ...seen.points.bindings() }, ({ name, perform }) => {
        if (!name.startsWith("KV.")) seen.calls.push(name);
        return perform();
      }),
    );
    watchClasses(seen);
    const receiver = `https://${crypto.randomUUID()}.example/hook`;
    const [gate, breaker] = [await meterRows(stage.gateway), await meterObject(breakerAt(receiver))];
    return new CountedStage(stage, receiver, seen, gate, breaker);
  }

  /** One request of the Worker. */
  async request<T>(work: Promise<T>): Promise<T> {
    this.#requests += 1;
    return await work;
  }

  /** Hands over what is in the queue, each message in a batch of its own, which is the dearest way. */
  async drain(): Promise<void> {
    for (;;) {
      const messages = this.stage.queue.take();
      if (messages.length === 0) return;
      for (const message of messages) await this.request(this.stage.consume([message]));
    }
  }

  /** Moves the clock on to the gate's next alarm. */
  async ring(): Promise<void> {
    const atMs = await this.stage.alarmAt();
    if (atMs === null) throw new Error("no alarm is set");
    await this.#ringBreaker(atMs);
    moveClock(Math.max(0, atMs - Date.now()));
    this.#alarms += 1;
    await runDurableObjectAlarm(await this.stage.gateway.gateOf());
    await this.drain();
  }

  /** The same until nothing is left to do within `ms`. */
  async ringFor(ms: number): Promise<void> {
    const endMs = Date.now() + ms;
    for (let rings = 0; rings < MAX_RINGS; rings += 1) {
      if (((await this.stage.alarmAt()) ?? Number.POSITIVE_INFINITY) > endMs) return;
      await this.ring();
    }
    throw new Error("the alarm rings for ever");
  }

  /** What was counted since it was last asked for. */
  async take(): Promise<Counted> {
    await scheduler.wait(WRITE_BEHIND_MS);
    await this.#ringBreaker(Number.POSITIVE_INFINITY);
    const { calls, kv, d1Rows, lines, points } = this.#seen;
    const own = (await this.stage.gateway.gateOf()).id.toString();
    const counted = {
      requests: this.#requests,
      calls: toCounts(calls.splice(0).map((name) => [name, 1])),
      alarms: this.#alarms,
      gateRows: toCounts(this.#gate.take().map(parseWrite)),
      breakerRows: toCounts(this.#breaker.take().map(parseWrite)),
      kv: toCounts(kv.splice(0).map((name) => [name, 1])),
      messages: this.stage.queue.offered.splice(0).length,
      d1Rows: d1Rows.splice(0).reduce((sum, rows) => sum + rows, 0),
      logLines: lines.splice(0).filter((line) => isOfARun(line, own)).length,
      points: points.written.splice(0).length,
    };
    this.#requests = 0;
    this.#alarms = 0;
    return counted;
  }

  async #ringBreaker(untilMs: number): Promise<void> {
    const breaker = breakerAt(this.receiver);
    for (;;) {
      const atMs = await runInDurableObject(breaker, (_breaker: unknown, { storage }) => storage.getAlarm());
      if (atMs === null || atMs > untilMs) return;
      moveClock(Math.max(0, atMs - Date.now()));
      this.#seen.calls.push("DESTINATION_BREAKER.alarm");
      await runDurableObjectAlarm(breaker);
    }
  }
}

function breakerAt(url: string): ReturnType<typeof breakerOf> {
  return breakerOf(env.DESTINATION_BREAKER, new URL(url).host);
}

/** Gates of tests before may have an alarm left. */
function isOfARun(line: string, own: string): boolean {
  const gate = /"gate":"([^"]*)"/.exec(line)?.[1] ?? own;
  return gate === own && !OF_THE_ISOLATE.some((event) => line.includes(event));
}

type Recorded = { calls: string[]; kv: string[]; d1Rows: number[]; lines: string[]; points: Points };

// By their classes, because an object has bindings of its own that no test can replace.
function watchClasses({ kv, d1Rows, lines }: Recorded): void {
  for (const name of ["get", "getWithMetadata", "put", "delete", "list"])
    watch(env.KV, name, () => kv.push(`KV.${name}`));
  const note = (...results: D1Result[]) => d1Rows.push(...results.map(({ meta }) => meta.rows_written));
  watch(env.OPERATORS_DB, "batch", (results) => note(...(results as D1Result[])));
  const statement = env.OPERATORS_DB.prepare("SELECT 1");
  for (const name of ["run", "all"]) watch(statement, name, (result) => note(result as D1Result));
  for (const level of ["log", "warn", "error"] as const)
    vi.spyOn(console, level).mockImplementation((...words) => void lines.push(words.join(" ")));
}

function watch(target: object, name: string, see: (result: unknown) => void): void {
  const prototype: object = Object.getPrototypeOf(target);
  const method: unknown = Reflect.get(prototype, name);
  if (typeof method !== "function") throw new Error(`${name} is no method`);
  const original: (...args: unknown[]) => unknown = method as never;
  vi.spyOn(prototype as Record<string, () => unknown>, name).mockImplementation(async function (
    this: unknown,
    ...args: unknown[]
  ) {
    const result: unknown = await Reflect.apply(original, this, args);
    see(result);
    return result;
  });
}

/** `INSERT INTO answers_25567 1` is one row of `INSERT INTO answers_*`; user keys are `*` too. */
function parseWrite(write: string): [string, number] {
  const at = write.lastIndexOf(" ");
  const what = write.slice(0, at).replace(/_\d+$/, "_*");
  return [what.replace(/^put [\w-]{43}$/, "put *"), Number(write.slice(at + 1))];
}

function toCounts(counted: [string, number][]): Counts {
  const counts: Record<string, number> = {};
  for (const [name, count] of counted.toSorted(([a], [b]) => (a < b ? -1 : 1)))
    counts[name] = (counts[name] ?? 0) + count;
  return counts;
}
