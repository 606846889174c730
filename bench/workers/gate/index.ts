// The real gate behind a Worker that fills it and has it do one piece of work many times. Its SQL is metered.

import { UserGate } from "../../../src/gate/user-gate.ts";
import type { StartResult } from "../../../src/runs/claim.ts";
import type { Observation } from "../../../src/runs/run.ts";
import type { Terms } from "../../../src/runs/terms.ts";
import { FULL_TERMS } from "../../../test/support/terms.ts";
import { insertCopies } from "./fill.ts";

const ACTION = "11111111-2222-4333-8444-555555555555";
/** What every run of the bench promises. */
const TERMS: Terms = {
  ...FULL_TERMS,
  userKey: "u".repeat(43),
  issuer: "https://login.example.com",
  subject: "5f0c7a52-6b1f-4a53-9d0e-0c3b1e8f7a21",
  target: { kind: "stored", storedActionId: ACTION },
  callbackUrl: "https://client.example.com/hooks/actions",
  publicUrl: "https://actions.example.com",
};
const HOUR_MS = 3_600_000;
const RULES = { pollSchedule: [3600], retrySchedule: [3600] };
const WINDOW = { limit: 1_000_000_000, windowMs: HOUR_MS };

type Started = { runKey: string; runId: string };
type Operation = "wake" | "start" | "poll" | "end" | "find" | "usage" | "alarm";
type Rows = { read: number; written: number };
type Metered = { rowsRead: number; rowsWritten: number };

/** What its objects' SQL has returned since they started, and since they were last asked. */
const cursorsOf = new WeakMap<DurableObjectStorage, Metered[]>();

export class MeteredGate extends UserGate {
  #prepared: Started[] = [];

  constructor(state: DurableObjectState, env: Env) {
    cursorsOf.set(state.storage, meter(state.storage.sql));
    super(state, env);
  }

  /** Does a piece of work so often, and says how many rows each time read and wrote. What woke the object is `wake`'s. */
  async perform(operation: Operation, times: number): Promise<Rows> {
    const cursors = cursorsOf.get(this.ctx.storage) ?? [];
    if (operation !== "wake") cursors.length = 0;
    for (let time = 0; time < times; time++) await this.#perform(operation, time);
    const rows = (what: keyof Metered) => cursors.reduce((sum, cursor) => sum + cursor[what], 0) / times;
    return { read: rows("rowsRead"), written: rows("rowsWritten") };
  }

  /** Starts runs that later work is done on. */
  async prepare(times: number): Promise<void> {
    this.#prepared = [];
    for (let time = 0; time < times; time++) this.#prepared.push(await this.#start());
  }

  /** Copies of one run that has ended and of one that has not, so many of each. Says the bytes of a row, by table. */
  async fill(ended: number, open: number): Promise<Record<string, number>> {
    await this.prepare(2);
    await this.#end(this.#preparedAt(0));
    return insertCopies(this.ctx.storage.sql, ended, open);
  }

  forget(): void {
    this.ctx.abort("it is to start again");
  }

  async #perform(operation: Operation, time: number): Promise<unknown> {
    switch (operation) {
      // Its constructor has done the work.
      case "wake":
        return undefined;
      case "start":
        return this.#start();
      case "poll":
        return this.#poll(this.#preparedAt(time));
      case "end":
        return this.#end(this.#preparedAt(time));
      case "find":
        return this.findRun(crypto.randomUUID());
      case "usage":
        return this.usage({ fromMs: 0, toMs: Date.now(), limit: 10 });
      case "alarm":
        return this.alarm();
    }
  }

  async #start(): Promise<Started> {
    const [runKey, runId, attempt] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
    const fingerprint = "f".repeat(43);
    const claim = { runKey, attempt, fingerprint, path: "/", leaseMs: 15_000, mayCreate: true };
    const admission = await this.admit({ window: WINDOW, claim, promise: { runKey, terms: TERMS } });
    if (admission.kind !== "admitted") throw new Error(`the start is ${admission.kind}`);
    const self = `https://actions.example.com/actions/v1/stored-actions/${ACTION}/runs/${runId}`;
    const body = JSON.stringify({ data: { type: "run", id: runId, links: { self } } });
    const outcome: StartResult = { kind: "accepted", runId, answer: { status: 202, body } };
    await this.settle({ runKey, attempt, claim, terms: TERMS, outcome });
    return { runKey, runId };
  }

  async #poll(run: Started): Promise<void> {
    await this.#report(run, { kind: "waiting", runId: run.runId });
  }

  async #end(run: Started): Promise<void> {
    const state = await this.#report(run, {
      kind: "ended",
      runId: run.runId,
      result: "success",
      readAgoMs: 50,
      bodyKept: false,
      attempt: { outcome: { kind: "acknowledged", status: 204 }, agoMs: 41, durationMs: 40 },
      deferral: null,
    });
    if (state !== "delivered") throw new Error(`the run is ${state}`);
  }

  async #report({ runKey, runId }: Started, seen: Observation): Promise<string | undefined> {
    const request = { runKey, notified: true, hintedRunId: runId, isAlone: false, leaseMs: 60_000 };
    const taken = await this.take(request, null, RULES);
    if (taken.kind !== "leased") throw new Error(`the run is not to be had: ${taken.kind}`);
    return (await this.report(runKey, taken.run.revision, seen, RULES))?.state;
  }

  #preparedAt(time: number): Started {
    const run = this.#prepared[time];
    if (run === undefined) throw new Error("too few runs were prepared");
    return run;
  }
}

function meter(sql: SqlStorage): Metered[] {
  const cursors: Metered[] = [];
  const exec = sql.exec.bind(sql);
  const value = (query: string, ...values: SqlStorageValue[]) => {
    const cursor = exec(query, ...values);
    cursors.push(cursor);
    return cursor;
  };
  Object.defineProperty(sql, "exec", { value });
  return cursors;
}

type Call = { gate: string; method: "perform" | "prepare" | "fill" | "forget"; values: never[] };

export default {
  async fetch(request: Request, { USER_GATE }: { USER_GATE: DurableObjectNamespace<MeteredGate> }) {
    const { gate, method, values }: Call = await request.json();
    const methods: Record<Call["method"], (...values: never[]) => Promise<unknown>> =
      USER_GATE.getByName(gate);
    return Response.json((await methods[method](...values)) ?? null);
  },
};
