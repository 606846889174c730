// npm run bench:growth [-- --rows 1000000 --times 50]: what the ledger's queries read, and how long they take, with
// ever more runs in it. On this machine's D1, made by the real migration, asked by the gateway's own statements.
// Each run has its charge and one attempt, and one user in a thousand has it.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { getPlatformProxy } from "wrangler";
import { spread } from "./harness/statistics.ts";
import { table, wholeNumber } from "./scale/print.ts";

type Meta = { rows_read: number; rows_written: number; size_after: number };
type Statement = {
  bind(...values: unknown[]): Statement;
  run(): Promise<{ results: unknown[]; meta: Meta }>;
};
type Db = { prepare(sql: string): Statement };

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "1000000" },
    times: { type: "string", default: "50" },
  },
});
const maxRows = wholeNumber("--rows", values.rows);
const times = wholeNumber("--times", values.times);

const USERS = 1_000;
const FILL_AT_ONCE = 10_000;
const PAGE = 100;
/** 2026-11-20T12:00:00Z */
const NOON_MS = 1_795_176_000_000;

// Not by name: its types are the runtime's, which are none of a script's.
const { STATEMENTS }: { STATEMENTS: Record<"usagePage" | "findRun" | "latestAttempts", string> } =
  await import(String(new URL("../src/ledger/repository.ts", import.meta.url)));

const NUMBERS = `WITH RECURSIVE numbers (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?2)`;
const RUN_ID = "printf('%08x-0000-4000-8000-%012x', (n * 2654435761) % 4294967296, n)";
const USER = `printf('user-%038d', n % ${USERS})`;
const INTENT = JSON.stringify({ v: 1, filler: "x".repeat(500) });
const FILL = [
  `INSERT INTO runs ${NUMBERS} SELECT ${RUN_ID}, ${USER}, '11111111-2222-4333-8444-555555555555',
     'https://client.example/hook', '${INTENT}', ${NOON_MS} + n, ${NOON_MS} + n + 2000, 'success', 'delivered', 1, NULL, 3,
     ${NOON_MS} + n FROM numbers`,
  `INSERT INTO attempts ${NUMBERS} SELECT ${RUN_ID}, 1, ${NOON_MS} + n, 204, 41, NULL FROM numbers`,
  `INSERT INTO charges ${NUMBERS} SELECT ${USER}, ${NOON_MS} + n, ${RUN_ID}, '11111111-2222-4333-8444-555555555555',
     'actions_api', 'action_run', 'an action was run via Actions API', NULL, NULL FROM numbers`,
];

const home = mkdtempSync(join(tmpdir(), "growth-"));
const proxy = await getPlatformProxy<{ LEDGER: Db }>({
  configPath: "wrangler.toml",
  persist: { path: home },
});
try {
  const db = proxy.env.LEDGER;
  await migrate(db);
  const lines: string[][] = [];
  let rows = 0;
  for (let size = 1_000; size <= maxRows; size *= 10) {
    rows = await fill(db, rows, size);
    lines.push(await measure(db, size));
  }
  table(
    ["runs in the ledger", "MB", "bytes a run", "`usagePage` of 100", "`findRun`", "`latestAttempts`"],
    lines,
  );
} finally {
  await proxy.dispose();
  rmSync(home, { recursive: true, force: true });
}

async function migrate(db: Db): Promise<void> {
  const sql = readFileSync("migrations/0001_ledger.sql", "utf8").replaceAll(/--.*$/gm, "");
  for (const statement of sql.split(";")) {
    if (statement.trim() !== "") await db.prepare(statement).run();
  }
}

async function fill(db: Db, from: number, to: number): Promise<number> {
  for (let at = from; at < to; at += FILL_AT_ONCE) {
    for (const sql of FILL)
      await db
        .prepare(sql)
        .bind(at, Math.min(to, at + FILL_AT_ONCE))
        .run();
  }
  return to;
}

async function measure(db: Db, size: number): Promise<string[]> {
  const pages = await ask(db, STATEMENTS.usagePage, size, (n) => [
    userOf(n),
    NOON_MS,
    "",
    NOON_MS + size,
    PAGE + 1,
  ]);
  const runs = await ask(db, STATEMENTS.findRun, size, (n) => [runId(n), userOf(n)]);
  const attempts = await ask(db, STATEMENTS.latestAttempts, size, (n) => [runId(n), 100]);
  const { size_after } = pages.meta;
  const found = [pages, runs, attempts].map(({ text }) => text);
  return [size.toLocaleString("en"), (size_after / 1e6).toFixed(1), (size_after / size).toFixed(0), ...found];
}

/** Of rows all over the ledger. */
async function ask(db: Db, sql: string, size: number, valuesOf: (n: number) => unknown[]) {
  const tookMs: number[] = [];
  let meta: Meta = { rows_read: 0, rows_written: 0, size_after: 0 };
  for (let time = 0; time < times; time++) {
    const statement = db.prepare(sql).bind(...valuesOf((time * 7_919) % size));
    const startedAt = performance.now();
    const answer = await statement.run();
    tookMs.push(performance.now() - startedAt);
    if (answer.results.length === 0) throw new Error(`nothing was found by ${sql}`);
    meta = answer.meta;
  }
  const { median, max } = spread(tookMs);
  return { meta, text: `${meta.rows_read} rows, ${median.toFixed(1)} ms (at most ${max.toFixed(1)})` };
}

function runId(n: number): string {
  const first = ((BigInt(n) * 2_654_435_761n) % 4_294_967_296n).toString(16).padStart(8, "0");
  return `${first}-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
}

function userOf(n: number): string {
  return `user-${String(n % USERS).padStart(38, "0")}`;
}
