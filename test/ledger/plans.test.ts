// What the planner does with each statement of the ledger. The tables grow by millions of rows: one statement that
// reads them all would stop everybody.
import { beforeEach, expect, it } from "vitest";
import { recordAll, STATEMENTS } from "../../src/ledger/repository.ts";
import { entryOf, freshLedger } from "../support/ledger.ts";
import { times } from "../support/times.ts";

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

// The array of rows that a statement is given, and nothing else, is read from end to end.
const GIVEN = "SCAN given VIRTUAL TABLE INDEX 1:";

it.each(Object.entries(STATEMENTS))("%s finds its rows by an index", async (_name, sql) => {
  const steps = (await planOf(sql)).filter((step) => step !== GIVEN);
  expect(steps.filter((step) => /SCAN|TEMP B-TREE|AUTOMATIC/.test(step))).toEqual([]);
  // A table that is written by its key alone has no step.
  expect(steps.length > 0 || sql === STATEMENTS.putRuns).toBe(true);
});

it("a page of usage reads both of its bounds from the key", async () => {
  expect(await planOf(STATEMENTS.usagePage)).toEqual([
    "SEARCH charges USING PRIMARY KEY (user_key=? AND (charged_at_ms,run_id)>(?,?) AND charged_at_ms<?)",
  ]);
});

it("what operators will ask has an index: a user's runs, the latest runs, the dead letters", async () => {
  const ofUser =
    "SELECT * FROM runs WHERE user_key = ?1 AND accepted_at_ms < ?2 ORDER BY accepted_at_ms DESC";
  const latest = "SELECT * FROM runs WHERE accepted_at_ms < ?1 ORDER BY accepted_at_ms DESC";
  const dead = `SELECT * FROM runs WHERE state IN ('dead', 'retrying') AND state = ?1
    ORDER BY accepted_at_ms DESC`;
  expect([await planOf(ofUser), await planOf(latest), await planOf(dead)]).toEqual([
    ["SEARCH runs USING INDEX runs_of_user (user_key=? AND accepted_at_ms<?)"],
    ["SEARCH runs USING INDEX runs_by_time (accepted_at_ms<?)"],
    ["SEARCH runs USING INDEX runs_undelivered (state=?)"],
  ]);
});

it("a scan would be found", async () => {
  expect(await planOf("SELECT * FROM runs WHERE callback_url = ?1")).toEqual(["SCAN runs"]);
});

it("a page reads no more rows than it shows, however many there are", async () => {
  await recordAll(
    db,
    times(500, (at) => entryOf({ userKey: at % 2 === 0 ? "alice" : "bob" })),
  );
  const { meta } = await db
    .prepare(STATEMENTS.usagePage)
    .bind("alice", 0, "", Number.MAX_SAFE_INTEGER, 11)
    .run();
  expect(meta.rows_read).toBe(11);
});
