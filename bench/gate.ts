// npm run bench:gate [-- --rows 10000 --times 200]: how long a gate's queries take with ever more rows of one user. Its
// own store over this machine's SQLite; how many rows each reads, test/gate/rows-read.test.ts counts.
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { parseArgs } from "node:util";
import { Failure } from "../scripts/failure.ts";
import { spread } from "./harness/statistics.ts";
import { row } from "./scale/print.ts";

type Windows = { revision: number; runs: null; results: null };
type Store = {
  row(key: string): unknown;
  rowOfRun(runId: string): unknown;
  put(row: object, dueAtMs: number, counted: Windows): void;
  dues(nowMs: number): unknown;
  dueRows(nowMs: number): Iterable<unknown>;
  loadWindows(): Windows;
};

const { values } = parseArgs({
  options: { rows: { type: "string", default: "10000" }, times: { type: "string", default: "200" } },
});
const [maxRows = 0, times = 0] = [values.rows, values.times].map(Number);
if (!(maxRows >= 1 && times >= 1)) throw new Failure("--rows and --times are numbers from 1");

// Not by name: its types are the runtime's, which are none of a script's.
const { GateStore }: { GateStore: new (storage: object) => Store } = await import(
  String(new URL("../src/gate/store.ts", import.meta.url))
);

const NOW_MS = 1_795_176_000_000;
const WINDOWS: Windows = { revision: 0, runs: null, results: null };
const OPERATIONS: Record<string, (store: Store) => unknown> = {
  "`row`: admit, settle, take": (store) => store.row(keyOf(0)),
  "`put`: admit, settle, report": (store) => store.put(rowOf(0), NOW_MS, WINDOWS),
  "`dues`: report, alarm": (store) => store.dues(NOW_MS - 1),
  "`dueRows`: alarm": (store) => [...store.dueRows(NOW_MS - 1)],
  "`rowOfRun`: a read of a run": (store) => store.rowOfRun("nobody's"),
  "`loadWindows`: the object starts": (store) => store.loadWindows(),
};

const sizes = [1, 100, 1_000, 10_000, 100_000].filter((size) => size <= maxRows);
const stores = sizes.map(storeOf);
row(["microseconds, with so many rows", ...sizes.map((size) => size.toLocaleString("en"))]);
row(["---", ...sizes.map(() => "---:")]);
for (const [name, work] of Object.entries(OPERATIONS))
  row([name, ...stores.map((store) => microseconds(() => work(store)))]);

function storeOf(size: number): Store {
  const database = new DatabaseSync(":memory:");
  const store = new GateStore(storageOf(database));
  database.exec("BEGIN");
  for (let at = 0; at < size; at++) store.put(rowOf(at), NOW_MS, WINDOWS);
  database.exec("COMMIT");
  return store;
}

function microseconds(work: () => unknown): string {
  const took: number[] = [];
  for (let time = 0; time < times; time++) {
    const startedAt = performance.now();
    work();
    took.push((performance.now() - startedAt) * 1_000);
  }
  return Math.round(spread(took).median).toLocaleString("en");
}

/** What the store asks of an object's storage. */
function storageOf(database: DatabaseSync): object {
  const kept = new Map<string, unknown>();
  const exec = (sql: string, ...bound: SQLInputValue[]) => {
    const rows = database.prepare(sql).all(...bound);
    return { toArray: () => rows, one: () => rows[0], [Symbol.iterator]: () => rows.values() };
  };
  return {
    sql: { exec },
    kv: { get: (key: string) => kept.get(key), put: (key: string, value: unknown) => kept.set(key, value) },
    transactionSync: (work: () => void) => work(),
  };
}

function keyOf(at: number): string {
  return `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`;
}

function rowOf(at: number): object {
  const body = JSON.stringify({ data: { type: "run", id: keyOf(at), links: {} } });
  const claim = {
    status: "settled",
    fingerprint: "f".repeat(43),
    settledAtMs: NOW_MS,
    answer: { status: 202, body },
  };
  const run = {
    status: "accepted",
    revision: 1,
    dueAtMs: NOW_MS,
    runId: keyOf(at),
    acceptedAtMs: NOW_MS,
    looks: 0,
  };
  const intent = { v: 1, userKey: "u".repeat(43), filler: "x".repeat(450) };
  return { key: keyOf(at), claim, reviewAtMs: NOW_MS, intent, run };
}
