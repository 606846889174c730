// What the books cost: D1 bills each row that is written, an index entry as a row.
import { beforeEach, expect, it } from "vitest";
import { CALLBACK, FULL } from "../../bench/scale/counted.ts";
import type { LedgerEntry } from "../../src/ledger/entry.ts";
import { recordAll, removeOlderThan } from "../../src/ledger/repository.ts";
import { attemptOf, entryOf, freshLedger, NOON_MS } from "../support/ledger.ts";
import { times } from "../support/times.ts";

let db: D1Database;

beforeEach(async () => {
  db = await freshLedger();
});

it("a full run costs five rows: three for the run, one for its attempt, one for its charge", async () => {
  const entry = entryOf();
  expect(await recordAll(db, [{ ...entry, attempt: null, charge: null }])).toBe(3);
  expect(await recordAll(db, [{ ...entry, charge: null }])).toBe(1);
  expect(await recordAll(db, [{ ...entryOf(), charge: null }])).toBe(CALLBACK.ledgerRows);
  expect(await recordAll(db, [entryOf()])).toBe(FULL.ledgerRows);
  expect(
    await recordAll(
      db,
      times(100, () => entryOf()),
    ),
  ).toBe(500);
});

it("a repeated report costs nothing", async () => {
  const entries = times(100, () => entryOf());
  await recordAll(db, entries);
  expect(await recordAll(db, entries)).toBe(0);
});

it("a later report of the same run costs its row and its attempt", async () => {
  const { run } = entryOf();
  await recordAll(db, [{ run, attempt: attemptOf(run), charge: null }]);
  const later = { ...run, revision: 4, attempts: 2 };
  expect(await recordAll(db, [{ run: later, attempt: attemptOf(run, { number: 2 }), charge: null }])).toBe(2);
});

it("only a run that operators must see pays for the third index", async () => {
  const rows: number[] = [];
  for (const state of ["delivered", "aborted", "none", "waiting", "dead", "retrying"] as const) {
    rows.push(await recordAll(db, [{ ...entryOf({ state }), attempt: null, charge: null }]));
  }
  expect(rows).toEqual([3, 3, 3, 3, 4, 4]);
});

it("a batch of any size is one round trip", async () => {
  const asked: string[] = [];
  const spy: unknown = {
    prepare: (sql: string) => db.prepare(sql),
    batch: (statements: D1PreparedStatement[]) => {
      asked.push(`batch of ${statements.length}`);
      return db.batch(statements);
    },
  };
  await recordAll(
    spy as D1Database,
    times(100, () => entryOf()),
  );
  await removeOlderThan(spy as D1Database, NOON_MS, 100);
  expect(asked).toEqual(["batch of 4", "batch of 3"]);
});

it("a run that leaves costs a row for each of its rows, and none for their index entries", async () => {
  expect(await rowsToRemove({ ...entryOf(), charge: null })).toBe(CALLBACK.removedRows);
  expect(await rowsToRemove(entryOf())).toBe(FULL.removedRows);
});

async function rowsToRemove(entry: LedgerEntry): Promise<number> {
  await recordAll(db, [entry]);
  let written = 0;
  const spy: unknown = {
    prepare: (sql: string) => db.prepare(sql),
    batch: async (statements: D1PreparedStatement[]) => {
      const results = await db.batch(statements);
      written = results.reduce((sum, { meta }) => sum + meta.rows_written, 0);
      return results;
    },
  };
  expect(await removeOlderThan(spy as D1Database, NOON_MS + 1, 100)).toBe(1);
  return written;
}
