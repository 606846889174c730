// What the planner does with each statement of the console. An operator's curiosity must not stop the gates from reporting
// the index what it has to know.
import { beforeEach, expect, it } from "vitest";
import { STATEMENTS as WRITER } from "../../src/gate/index-writer.ts";
import { STATEMENTS as AUDIT } from "../../src/operators/audit-store.ts";
import { countActiveUsers, readActiveUsers, STATEMENTS as STORE } from "../../src/operators/index-store.ts";
import { freshIndex } from "../support/operators-index.ts";
import { times } from "../support/times.ts";
import { indexActive } from "./bench.ts";

let db: D1Database;

beforeEach(async () => {
  db = await freshIndex();
});

async function readPlan(sql: string): Promise<string[]> {
  const parameters = Math.max(0, ...[...sql.matchAll(/\?(\d)/g)].map(([, number]) => Number(number)));
  const statement = db.prepare(`EXPLAIN QUERY PLAN ${sql}`);
  const bound = parameters === 0 ? statement : statement.bind(...times(parameters, () => null));
  const { results } = await bound.run<{ detail: string }>();
  return results.map(({ detail }) => detail);
}

// What was given is gone through once, and what an index has led to and a bound has cut.
const BOUNDED = [
  "SCAN chosen VIRTUAL TABLE INDEX 1:",
  "SCAN (subquery-1)",
  "USE TEMP B-TREE FOR count(DISTINCT)",
  "SCAN overdue_gates USING INDEX overdue_gates_by_time",
];

it.each([...Object.entries(STORE), ...Object.entries(AUDIT)])(
  "%s finds its rows by an index",
  async (_name, sql) => {
    const steps = (await readPlan(sql)).filter((step) => !BOUNDED.includes(step));
    expect(steps.filter((step) => /SCAN|TEMP B-TREE|AUTOMATIC/.test(step))).toEqual([]);
    // A row that is only inserted has no step, and neither has a list that is read from its beginning.
    expect(steps.length > 0 || /INSERT INTO|LIMIT \?1/.test(sql)).toBe(true);
  },
);

it.each([
  [
    STORE.deadLetters,
    "USING INDEX dead_letters_by_time (dismissed=? AND died_at_ms>? AND (died_at_ms,run_id)<(?,?))",
  ],
  [STORE.deadLettersStarting, "USING PRIMARY KEY (run_id>? AND run_id<?)"],
  [WRITER.expired, "USING INDEX dead_letters_by_time (dismissed=? AND died_at_ms<?)"],
  [AUDIT.outcomes, "USING PRIMARY KEY (redelivery=?)"],
  [STORE.deadLettersOfRuns, "USING PRIMARY KEY (run_id=?)"],
  [STORE.activeUsers, "USING PRIMARY KEY (month=? AND user_key>?)"],
  [STORE.countActive, "USING PRIMARY KEY (month=?)"],
  [STORE.overdue, "USING INDEX overdue_gates_by_time ((since_ms,gate)>(?,?))"],
])("%# all that bounds it is read from the index", async (sql, index) => {
  const steps = await readPlan(sql);
  expect(steps.some((step) => step.endsWith(index))).toBe(true);
});

it("what is bounded stands on an index: a scan of a table would be found", async () => {
  expect(await readPlan("SELECT * FROM dead_letters AS r WHERE host = ?1")).toEqual(["SCAN r"]);
});

it("a page of users reads a thousand rows of a month and no more", async () => {
  for (const at of [0, 600])
    await indexActive(
      db,
      202_611,
      1,
      times(600, (n) => `user-${10_000 + at + n}`),
    );
  const read: number[] = [];
  const counting: unknown = {
    prepare: (sql: string) => db.prepare(sql),
    batch: async (statements: D1PreparedStatement[]) => {
      const results = await db.batch(statements);
      read.push(...results.map(({ meta }) => meta.rows_read));
      return results;
    },
  };
  const found = await readActiveUsers(counting as D1Database, [{ month: 202_611, days: 2 }], "", 40);
  expect([found, read]).toEqual([{ users: [], next: "user-10999" }, [1_000]]);
});

it("users are counted up to 50,000, and it is said that there are more", async () => {
  const insert = db.prepare(
    `INSERT INTO active_days (month, user_key, gate, days)
     WITH RECURSIVE n (at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM n WHERE at < ?1)
     SELECT ?2, 'user-' || at, 'gate', 1 FROM n`,
  );
  await insert.bind(49_999, 202_611).run();
  const months = [
    { month: 202_611, days: 1 },
    { month: 202_612, days: 1 },
  ];
  expect(await countActiveUsers(db, months)).toEqual({ users: 49_999, countedAll: true });
  await insert.bind(2, 202_612).run();
  expect(await countActiveUsers(db, months)).toEqual({ users: 49_999, countedAll: false });
});
