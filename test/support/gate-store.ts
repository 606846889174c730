// The storage of a gate that no other test uses, for tests of what stands in it.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Controls } from "../../src/gate/controls.ts";
import { Counter } from "../../src/gate/counter.ts";
import { Runs } from "../../src/gate/runs.ts";
import { GateStore } from "../../src/gate/store/gate-store.ts";
import type { UserGate } from "../../src/gate/user-gate.ts";

export type OpenedStore = {
  store: GateStore;
  runs: Runs;
  counter: Counter;
  controls: Controls;
  storage: DurableObjectStorage;
};

/** As the object opens it when it starts. */
export function openStore(storage: DurableObjectStorage): OpenedStore {
  const store = new GateStore(storage);
  const { rows, counted } = store.openRuns.load();
  const counter = new Counter(store, store.newestWindows(counted), () => undefined);
  const rules = { pollSchedule: [2, 4, 8], retrySchedule: [5, 300] };
  const runs = new Runs("a gate", store, counter, rules, rows);
  return { store, counter, runs, controls: new Controls(store), storage };
}

export function withStore<T>(work: (opened: OpenedStore) => T | Promise<T>): Promise<T> {
  const stub = env.USER_GATE.get(env.USER_GATE.idFromName("a gate of a test's own"));
  return runInDurableObject(stub, (_gate: UserGate, { storage }) => work(openStore(storage)));
}

/** The names of a gate's tables, by name. */
export function tablesIn({ sql }: DurableObjectStorage): string[] {
  return sql
    .exec<{ name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%' ORDER BY name",
    )
    .toArray()
    .map(({ name }) => name);
}
