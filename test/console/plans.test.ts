// What the planner does with each statement of the console. An operator's curiosity must not stop everybody's callbacks.
import { beforeEach, describe, expect, it } from "vitest";
import { STATEMENTS as JOURNAL } from "../../src/console/journal.ts";
import { NEWEST } from "../../src/console/place.ts";
import { STATEMENTS as STORE, searchIn } from "../../src/console/store.ts";
import { recordAll } from "../../src/ledger/repository.ts";
import { freshLedger, NOON_MS } from "../support/ledger.ts";
import { times } from "../support/times.ts";
import { bookedRun } from "./bench.ts";

let db: D1Database;

beforeEach(async () => {
  db = await freshLedger();
});

async function planOf(sql: string): Promise<string[]> {
  const parameters = Math.max(0, ...[...sql.matchAll(/\?(\d)/g)].map(([, number]) => Number(number)));
  const statement = db.prepare(`EXPLAIN QUERY PLAN ${sql}`);
  const bound = parameters === 0 ? statement : statement.bind(...times(parameters, () => null));
  const { results } = await bound.run<{ detail: string }>();
  return results.map(({ detail }) => detail);
}

// What an index has led to, and a bound has cut, is gone through once. Groups are few: buckets, days.
const BOUNDED = ["SCAN r", "SCAN (subquery-1)", "USE TEMP B-TREE FOR GROUP BY"];

it.each([...Object.entries(STORE), ...Object.entries(JOURNAL)])(
  "%s finds its rows by an index",
  async (_name, sql) => {
    const steps = (await planOf(sql)).filter((step) => !BOUNDED.includes(step));
    expect(steps.filter((step) => /SCAN|TEMP B-TREE|AUTOMATIC/.test(step))).toEqual([]);
    // A row that is only inserted has no step.
    expect(steps.length > 0 || sql.includes("INSERT INTO")).toBe(true);
  },
);

it.each([
  [STORE.foundOfEverybody, "runs_by_time (accepted_at_ms>? AND (accepted_at_ms,run_id)<(?,?))"],
  [STORE.foundOfUser, "runs_of_user (user_key=? AND accepted_at_ms>? AND (accepted_at_ms,run_id)<(?,?))"],
  [
    STORE.foundUndelivered,
    "runs_undelivered (state=? AND accepted_at_ms>? AND (accepted_at_ms,run_id)<(?,?))",
  ],
  [STORE.letters, "runs_undelivered (state=? AND accepted_at_ms>? AND (accepted_at_ms,run_id)<(?,?))"],
])("%# both bounds are read from the index", async (sql, index) => {
  const steps = await planOf(sql);
  expect(steps.some((step) => step.endsWith(`USING INDEX ${index}`))).toBe(true);
});

it("what is bounded stands on an index: a scan of the table would be found", async () => {
  expect(await planOf("SELECT * FROM runs AS r WHERE callback_url = ?1")).toEqual(["SCAN r"]);
  for (const sql of [STORE.letters, STORE.latestAttempts])
    expect((await planOf(sql))[0]).toMatch(/^CO-ROUTINE r$/);
});

describe("a search that finds nothing", () => {
  it("reads 10,000 rows and no more, and says where it stopped", async () => {
    for (const at of times(6, (n) => n))
      await recordAll(
        db,
        times(1_000, (n) => ({
          run: bookedRun({ acceptedAtMs: NOON_MS - at * 1_000 - n }),
          attempt: null,
          charge: null,
        })),
      );
    let read = 0;
    const counting: unknown = {
      prepare: (sql: string) => db.prepare(sql),
      batch: async (statements: D1PreparedStatement[]) => {
        const results = await db.batch(statements);
        for (const { meta } of results) read += meta.rows_read;
        return results;
      },
    };
    const range = { after: NEWEST, fromMs: 0, limit: 51 };
    const filter = { storedActionId: crypto.randomUUID(), state: null, result: null };
    const found = await searchIn(counting as D1Database, { kind: "everybody", value: null }, range, filter);
    expect(read).toBe(10_000);
    expect([found.rows, found.boundary?.atMs]).toEqual([[], NOON_MS - 4_999]);
    const rest = { ...range, after: found.boundary ?? NEWEST };
    expect((await searchIn(db, { kind: "everybody", value: null }, rest, filter)).boundary).toBeNull();
  });
});
