// npm run bench:growth [-- --rows 1000000 --times 20]: what the ledger's own functions read, write and take with ever
// more runs in it: a batch of reports, a page of usage, a run, a round of retention, and what operators look for. On
// this machine's D1, made by the real migration. Ten million runs are 14 GB, more than a database of the platform holds, and half an hour.
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scheduler } from "node:timers/promises";
import { parseArgs } from "node:util";
import { getPlatformProxy } from "wrangler";
import { Failure } from "../scripts/failure.ts";
import { type Db, Meter } from "./scale/meter.ts";
import { row } from "./scale/print.ts";

type Repository = {
  recordAll(db: Db, entries: readonly object[]): Promise<number>;
  usagePage(db: Db, userKey: string, span: object): Promise<{ kind: string; charges?: unknown[] }>;
  findRun(db: Db, userKey: string, runId: string): Promise<object | null>;
  removeOlderThan(db: Db, cutoffMs: number, maxRuns: number): Promise<number>;
};

const { values } = parseArgs({
  options: { rows: { type: "string", default: "1000000" }, times: { type: "string", default: "20" } },
});
const [maxRows = 0, times = 0] = [values.rows, values.times].map(Number);
if (!(maxRows >= 1_000 && times >= 1)) throw new Failure("--rows is a number from 1000, --times one from 1");

// What the repository finds in the runtime, and not in Node.
Object.assign(globalThis, { scheduler });
// Not by name: its types are the runtime's, which are none of a script's.
const repository: Repository = await import(String(new URL("../src/ledger/repository.ts", import.meta.url)));

const USERS = 1_000;
/** One run in so many is a dead letter. */
const DEAD = 1_000;
const FILL_AT_ONCE = 500_000;
const BATCH = 100;
const ROUND = 500;
/** 2026-11-20T12:00:00Z, and a run every ten milliseconds after it. */
const NOON_MS = 1_795_176_000_000;
const PACE_MS = 10;
const ACTION = "11111111-2222-4333-8444-555555555555";
const BILLING = {
  is_billable: true,
  origin: "actions_api",
  usage_type: "action_run",
  description: "an action was run via Actions API",
  exemption_reason: null,
  exemption_details: null,
};
const USER_KEYS = Array.from({ length: USERS }, (_, at) =>
  createHash("sha256").update(`["https://login.example.com","user-${at}"]`).digest("base64url"),
);

const home = mkdtempSync(join(tmpdir(), "ledger-"));
const configPath = join(home, "wrangler.json");
const ledger = { binding: "LEDGER", database_name: "ledger", database_id: "ledger" };
writeFileSync(configPath, JSON.stringify({ compatibility_date: "2026-10-01", d1_databases: [ledger] }));
const proxy = await getPlatformProxy<{ LEDGER: Db }>({ configPath, persist: { path: home } });
try {
  const db = proxy.env.LEDGER;
  await migrate(db);
  row([
    "runs",
    "bytes a run",
    `\`recordAll\` of ${BATCH}`,
    "`usagePage` of 100",
    "`findRun`",
    `retention of ${ROUND}`,
    "dead letters, 100",
  ]);
  row(["---:", "---:", "---:", "---:", "---:", "---:", "---:"]);
  let filled = 0;
  for (let size = 1_000; size <= maxRows; size *= 10) {
    filled = await fill(db, filled, size);
    row(await measure(db, size));
  }
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
  // As scattered as UUIDs are. In their order, so that each page is written once for many of them.
  const sorted = `WITH RECURSIVE
    numbers (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?2),
    sorted (n, id) AS (
      SELECT n, printf('%08x-0000-4000-8000-%012x', (n * 2654435761) % 4294967296, n) FROM numbers ORDER BY 2
    )`;
  const user = `(SELECT value FROM json_each('${JSON.stringify(USER_KEYS)}') WHERE key = n % ${USERS})`;
  const atMs = `${NOON_MS} + n * ${PACE_MS}`;
  const state = `iif(n % ${DEAD} = 0, 'dead', 'delivered')`;
  const statements = [
    `INSERT INTO runs ${sorted} SELECT id, ${user}, '${ACTION}', 'https://client.example/hooks/actions',
       '${intentOf(USER_KEYS[0] ?? "")}', ${atMs}, ${atMs} + 2000, 'success', ${state}, 1, NULL, 3, ${atMs} FROM sorted`,
    `INSERT INTO attempts ${sorted} SELECT id, 1, ${atMs} + 2000, 204, 41, NULL FROM sorted`,
    `INSERT INTO charges ${sorted} SELECT ${user}, ${atMs}, id, '${ACTION}', 'actions_api', 'action_run',
       '${BILLING.description}', NULL, NULL FROM sorted`,
  ].map((sql) => db.prepare(sql));
  for (let at = from; at < to; at += FILL_AT_ONCE)
    await db.batch(statements.map((statement) => statement.bind(at, Math.min(to, at + FILL_AT_ONCE))));
  return to;
}

async function measure(db: Db, size: number): Promise<string[]> {
  const meter = new Meter(db, times);
  const endMs = NOON_MS + size * PACE_MS;
  const record = await meter.time(() => repository.recordAll(meter.db, newEntries(endMs)));
  const page = await meter.time(async (time) => {
    const span = { fromMs: NOON_MS, toMs: endMs, cursor: null, limit: 100 };
    const { charges = [] } = await repository.usagePage(meter.db, userOf(time * 7_919), span);
    if (charges.length === 0) throw new Error("a page without charges");
  });
  const find = await meter.time(async (time) => {
    const n = (time * 7_919) % size;
    if ((await repository.findRun(meter.db, userOf(n), runIdOf(n))) === null)
      throw new Error("a run is missing");
  });
  // The same runs again after each round, so that there is always as much to remove.
  const retention = await meter.time(
    () => repository.removeOlderThan(meter.db, NOON_MS + ROUND * PACE_MS, ROUND),
    () => fill(db, 0, Math.min(ROUND, size)),
  );
  const dead = await meter.time(() =>
    meter.db
      .prepare(
        "SELECT run_id FROM runs WHERE state IN ('dead', 'retrying') AND state = ?1 ORDER BY accepted_at_ms DESC LIMIT 100",
      )
      .bind("dead")
      .run(),
  );
  return [size.toLocaleString("en"), (meter.bytes / size).toFixed(0), record, page, find, retention, dead];
}

function newEntries(atMs: number): object[] {
  return Array.from({ length: BATCH }, (_, at) => {
    const [runId, userKey] = [crypto.randomUUID(), userOf(at)];
    const run = {
      runId,
      userKey,
      storedActionId: ACTION,
      callbackUrl: "https://client.example/hooks/actions",
      intent: intentOf(userKey),
      acceptedAtMs: atMs,
      endedAtMs: atMs + 2_000,
      result: "success",
      state: "delivered",
      attempts: 1,
      nextAttemptAtMs: null,
      revision: 3,
    };
    const attempt = { runId, number: 1, atMs, status: 204, durationMs: 41, error: null };
    return {
      run,
      attempt,
      charge: { runId, userKey, storedActionId: ACTION, chargedAtMs: atMs, billing: BILLING },
    };
  });
}

function intentOf(userKey: string): string {
  return JSON.stringify({
    v: 1,
    userKey,
    issuer: "https://login.example.com",
    subject: "5f0c7a52-6b1f-4a53-9d0e-0c3b1e8f7a21",
    scopes: ["external"],
    billing: BILLING,
    target: { kind: "stored", storedActionId: ACTION },
    callbackUrl: "https://client.example/hooks/actions",
    publicUrl: "https://actions.example.com",
  });
}

function userOf(n: number): string {
  return USER_KEYS[n % USERS] ?? "";
}

/** As `fill` makes them. */
function runIdOf(n: number): string {
  const first = ((BigInt(n) * 2_654_435_761n) % 4_294_967_296n).toString(16).padStart(8, "0");
  return `${first}-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
}
