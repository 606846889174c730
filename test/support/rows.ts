// Counts what a user's gate writes, as Cloudflare bills it: each row, each delete and each alarm set is a row written.
import { runInDurableObject } from "cloudflare:test";
import type { Gateway } from "./gateway.ts";

export type RowMeter = {
  /** What was written since the last call, in order: `INSERT INTO claims 1`, `put windows 1`, `setAlarm 1` … */
  take(): string[];
};

/** Meters the gate that runs now; the next one, after an eviction, needs another meter. */
export async function meterRows(gateway: Gateway): Promise<RowMeter> {
  const gate: unknown = await gateway.gateOf();
  return meterObject(gate as DurableObjectStub);
}

/** The same of any object. */
export async function meterObject(stub: DurableObjectStub): Promise<RowMeter> {
  const writes: { what: string; rows: () => number }[] = [];
  const note = (what: string, rows = () => 1) => writes.push({ what, rows });
  await runInDurableObject(stub, (_object: unknown, { storage }) => {
    const { sql, kv } = storage;
    oneByOne(sql);
    watch(sql, "exec", ([query], cursor) => note(firstWords(query), () => countRows(cursor)));
    watch(kv, "put", ([key]) => note(`put ${String(key)}`));
    watch(kv, "delete", ([key]) => note(`delete ${String(key)}`));
    watch(storage, "put", ([key]) => note(`put ${String(key)}`));
    watch(storage, "delete", ([key]) => note(`delete ${String(key)}`));
    watch(storage, "setAlarm", () => note("setAlarm"));
    // Not deleteAlarm: runDurableObjectAlarm calls it, where the platform would have fired the alarm.
  });
  return {
    take: () =>
      writes
        .splice(0)
        .map(({ what, rows }) => ({ what, n: rows() }))
        .filter(({ n }) => n > 0)
        .map(({ what, n }) => `${what} ${n}`),
  };
}

// A cursor of several statements says only what the last one wrote. Those come without values here.
function oneByOne(sql: SqlStorage): void {
  const exec: unknown = Reflect.get(sql, "exec");
  if (typeof exec !== "function") throw new Error("exec is no method");
  const value = (query: string, ...values: SqlStorageValue[]): unknown => {
    const statements = query.split(";").filter((one) => one.trim() !== "");
    if (statements.length === 1) return Reflect.apply(exec, sql, [query, ...values]);
    const cursors: { rowsWritten: number }[] = statements.map((one) => Reflect.apply(exec, sql, [one]));
    return {
      get rowsWritten() {
        return cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0);
      },
    };
  };
  Object.defineProperty(sql, "exec", { value, configurable: true });
}

/** Lets every call of a method go on, and shows it. */
function watch<T extends object>(
  target: T,
  name: keyof T & string,
  see: (args: unknown[], result: unknown) => void,
) {
  const method: unknown = target[name];
  if (typeof method !== "function") throw new Error(`${name} is no method`);
  const seen = (...args: unknown[]): unknown => {
    const result: unknown = Reflect.apply(method, target, args);
    see(args, result);
    return result;
  };
  Object.defineProperty(target, name, { value: seen });
}

function firstWords(query: unknown): string {
  return String(query).trim().split(/\s+/, 3).join(" ");
}

function countRows(cursor: unknown): number {
  return typeof cursor === "object" && cursor !== null && "rowsWritten" in cursor
    ? Number(cursor.rowsWritten)
    : Number.NaN;
}
