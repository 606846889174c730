// npm run screenshots [-- --rounds 60 --variants dark,phone,light]: every page of the console in light, in dark and on a
// phone, in dist/screenshots/, and the README's picture, docs/console.png. What is on them has really been run through
// the sandbox, five runs a round; only its times are then moved apart, over a day, which is too long to wait for: those
// of the runs, and what the charts are drawn from, of which each hour gets its share.
import { randomUUID } from "node:crypto";
import { globSync, mkdirSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { DEV_ISSUER } from "../../../scripts/dev-keys.ts";
import { devToken } from "../../../scripts/dev-token.ts";
import { Failure } from "../../../scripts/failure.ts";
import {
  addSums,
  decodeSums,
  emptySums,
  encodeSums,
  type Sums,
} from "../../../src/platform/observability/sums.ts";
import { launchBrowser, Visitor } from "../support/browser.ts";
import { type GatewayProcess, startProcess, until } from "../support/process.ts";
import { Receiver } from "../support/receiver.ts";

const FOLDER = "dist/screenshots";
const PICTURE = "docs/console.png";
const VARIANTS = {
  dark: { colorScheme: "dark", viewport: { width: 1360, height: 860 } },
  phone: { colorScheme: "light", viewport: { width: 390, height: 844 } },
  light: { colorScheme: "light", viewport: { width: 1360, height: 860 } },
} as const;
const ECHO = "00000000-0000-4000-8000-000000000001";
const SLOW = "00000000-0000-4000-8000-000000000003";
const FAILS = "00000000-0000-4000-8000-000000000004";
const USERS = ["alice", "bob", "carol@example.com", "dave", "erin@example.com"];
const WITHIN_MS = 60_000;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** What the metrics aggregator holds in its memory. */
const WRITTEN_WITHIN_MS = 12_000;

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "60" }, variants: { type: "string" } },
});
const rounds = Number(values.rounds);
const variants = Object.entries(VARIANTS).filter(
  ([name]) => values.variants?.split(",").includes(name) ?? true,
);
// The second round has the first callback that is not taken.
if (!(rounds >= 2 && variants.length > 0))
  throw new Failure(`--rounds is a number from 2, --variants some of ${Object.keys(VARIANTS).join(",")}`);

const receiver = await Receiver.listen(({ path }, earlier) => replyTo(path, earlier));
const gateway = await startProcess({ args: ["--var", "CALLBACK_RETRY_SCHEDULE:1,1"] });
const browser = await launchBrowser();
try {
  const last = await runThings();
  await gateway.kill("SIGTERM");
  spreadOverTheDay(gateway);
  spreadCharts(gateway);
  await gateway.restart();
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, variant] of variants) await shoot(name, variant, last);
} finally {
  await browser.close();
  receiver.close();
  await gateway.close();
}

/** One receiver in twenty has gone, and one in ten answers at its second attempt. */
function replyTo(path: string, earlier: number): number {
  if (path.startsWith("/gone")) return 404;
  return path.startsWith("/tired") && earlier === 0 ? 404 : 204;
}

/** The id of a run that is shown. */
async function runThings(): Promise<string> {
  const claims = {
    rate_limit: { exempt: false, limit_override: 1000 },
    billing: JSON.stringify({ is_billable: true, origin: "actions_api", usage_type: "action_run" }),
  };
  const tokens = await Promise.all(
    USERS.map((sub) => devToken({ sub, scope: "external", expiresSeconds: 600, claims })),
  );
  let shown = "";
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(
      tokens.map(async (token, user) => {
        const n = round * tokens.length + user;
        const path = n % 20 === 7 ? `/gone/${n}` : n % 10 === 3 ? `/tired/${n}` : `/hooks/${n}`;
        const id = await start(token, n % 16 === 5 ? FAILS : ECHO, { n }, path);
        if (path.startsWith("/gone")) shown = id;
      }),
    );
  }
  const total = rounds * tokens.length;
  const attempts = total + 2 * Math.floor((total + 12) / 20) + Math.floor((total + 6) / 10);
  await until("every callback", WITHIN_MS, () => receiver.deliveries.length >= attempts);
  await until("all of it in the charts", WITHIN_MS, async () => {
    const { runs, delivered, dead } = await totals();
    return runs === total && delivered + dead === total;
  });
  await wait(WRITTEN_WITHIN_MS);
  // What has only begun is something to look at, too.
  await start(tokens[0] ?? "", SLOW, { seconds: 100 }, "/hooks/slow");
  return shown;
}

type Totals = { runs: number; delivered: number; dead: number };

async function totals(): Promise<Totals> {
  const operator = { sub: "screenshots", scope: "operator", expiresSeconds: 60, claims: {} };
  const headers = { authorization: `Bearer ${await devToken(operator)}` };
  const answer = await fetch(`${gateway.url}/console/api/overview`, { headers });
  const overview: { totals: Totals } = JSON.parse(await answer.text());
  return overview.totals;
}

async function start(token: string, action: string, inputs: object, path: string): Promise<string> {
  const answer = await fetch(`${gateway.url}/actions/v1/stored-actions/${action}/run`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({
      data: { inputs, callback_url: receiver.urlAt(path), idempotency_id: randomUUID() },
    }),
  });
  if (answer.status !== 202) throw new Error(`no run was started: ${answer.status} ${await answer.text()}`);
  const { data }: { data: { id: string } } = JSON.parse(await answer.text());
  return data.id;
}

/** More at noon and in the evening than at night. */
function spreadOverTheDay({ stateDir }: GatewayProcess): void {
  const index = openStore(`${stateDir}/v3/d1/**/*.sqlite`);
  for (const file of findStores(`${stateDir}/v3/do/*UserGate/*.sqlite`)) {
    const gate = new DatabaseSync(file);
    const tables = gate
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'ended_runs_*'")
      .all()
      .map(({ name }) => String(name));
    for (const table of tables) spreadRuns(gate, table, index);
    gate.close();
  }
  index.close();
}

function spreadRuns(gate: DatabaseSync, table: string, index: DatabaseSync): void {
  const rows = gate.prepare(`SELECT seq, run_id, record FROM ${table} ORDER BY seq DESC`).all();
  const update = gate.prepare(
    `UPDATE ${table} SET finished_at_ms = finished_at_ms - ?, record = ? WHERE seq = ?`,
  );
  const deadLetter = index.prepare(
    "UPDATE dead_letters SET accepted_at_ms = accepted_at_ms - ?1, died_at_ms = died_at_ms - ?1 WHERE run_id = ?2",
  );
  for (const [at, row] of rows.entries()) {
    const part = at / rows.length;
    const backMs = Math.round(DAY_MS * 0.97 * (part + 0.06 * Math.sin(4 * Math.PI * part)));
    update.run(backMs, movedBack(String(row["record"]), backMs), row["seq"] ?? null);
    deadLetter.run(backMs, row["run_id"] ?? null);
  }
}

/** Of a record, each moment. */
function movedBack(record: string, backMs: number): string {
  return JSON.stringify(JSON.parse(record), (name, value: unknown) =>
    isMoment(name) && typeof value === "number" ? value - backMs : value,
  );
}

function isMoment(name: string): boolean {
  return /^atMs$|AtMs$/.test(name);
}

function spreadCharts({ stateDir }: GatewayProcess): void {
  const db = openStore(`${stateDir}/v3/do/*MetricsAggregator/*.sqlite`);
  const all = emptySums();
  for (const row of db.prepare("SELECT sums FROM minutes").all())
    addSums(all, decodeSums(String(row["sums"])) ?? emptySums());
  const hourMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  db.exec("DELETE FROM minutes; DELETE FROM hours; UPDATE counting SET since_ms = 0");
  for (let hour = 0; hour < 24; hour += 1) {
    const sums = encodeSums(toShare(all, hour));
    // The hour that is not over is there as its minutes.
    const table = hour === 0 ? "minutes" : "hours";
    db.prepare(`INSERT INTO ${table} (at_ms, sums) VALUES (?, ?)`).run(hourMs - hour * HOUR_MS, sums);
  }
  db.close();
}

/** Of 24. Whole things: what is left over of a rare one goes to hours that follow from its name. */
function toShare(all: Sums, hour: number): Sums {
  const share = emptySums();
  const weight = 1 + 0.6 * Math.sin((4 * Math.PI * hour) / 24);
  const portion = (name: string, n: number) => {
    const offset = (name.length * 7 + hour * 5) % 24;
    return Math.floor((n * weight + offset) / 24);
  };
  for (const [name, counts] of Object.entries(all))
    for (const [label, n] of counts) {
      const part = portion(`${name}${label}`, n);
      if (part > 0) Reflect.get(share, name).set(label, part);
    }
  return share;
}

function openStore(pattern: string): DatabaseSync {
  const [file = ""] = findStores(pattern);
  return new DatabaseSync(file);
}

function findStores(pattern: string): string[] {
  const files = globSync(pattern).filter((path) => !path.includes("metadata"));
  if (files.length === 0) throw new Error(`there is nothing at ${pattern}`);
  return files;
}

async function shoot(
  name: string,
  variant: (typeof VARIANTS)[keyof typeof VARIANTS],
  runId: string,
): Promise<void> {
  const at = await Visitor.of(browser, gateway.url, variant);
  const take = async (page: string, path: string) => {
    await at.open(path);
    await at.page.screenshot({ path: `${FOLDER}/${page}-${name}.png`, fullPage: true });
  };
  await take("sign-in", "/console/sign-in");
  await at.signIn("olga@example.com");
  await take("overview", "/console?span=day");
  if (name === "light") await at.page.screenshot({ path: PICTURE });
  await take("runs", "/console/runs");
  await take("run", `/console/runs/${runId}`);
  await take("users", "/console/users");
  await take(
    "user",
    `/console/users?${new URLSearchParams({ issuer: DEV_ISSUER, subject: "alice" }).toString()}`,
  );
  await take("dead-letters", "/console/dead-letters");
  await take("errors", "/console/errors");
  await take("destinations", "/console/destinations");
  await take("audit", "/console/audit");
  await take("not-found", "/console/nowhere");
  // Last: what is sent again has its attempts at the true time.
  if (name === "light") {
    await at.open("/console/dead-letters");
    await at.page.getByText("Redeliver all…").first().click();
    await at.page.getByRole("button", { name: "Send them" }).first().click();
    await at.page.getByText("finished").waitFor();
    await at.page.screenshot({ path: `${FOLDER}/redelivery-${name}.png`, fullPage: true });
  }
  if (at.complaints.length > 0) throw new Error(at.complaints.join("\n"));
  await at.close();
}
