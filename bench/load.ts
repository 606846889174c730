// npm run load [-- --seconds 600 --users 10000 --connections 32]: a gateway like a user's under steady mixed load, and
// what becomes of its memory. Three in four requests are starts and reads of many users in turn; the rest are one hot
// user's starts beyond its limit, and now and then a body of 5 MB. Prints a line every 30 seconds: what was answered,
// and the resident memory of workerd. Exits non-zero when an answer was none of those expected.
import { setTimeout as sleep } from "node:timers/promises";
import { devToken } from "../scripts/dev-token.ts";
import { readWholeNumbers } from "../scripts/whole-number.ts";
import { startNpm } from "../test/flows/support/process.ts";
import { Upstream } from "../test/flows/support/upstream.ts";
import { findWorkerds, readMemory } from "../test/flows/support/workerd-memory.ts";
import { RUN_PATH } from "./harness/contender.ts";
import { spread } from "./harness/statistics.ts";

const LINE_EVERY_MS = 30_000;
const LARGE = "x".repeat(5 * 1024 * 1024);
const EXPECTED = [200, 202, 429, 503];
/** The upstream of this machine forgets old runs, so that only the gateway's memory is measured. */
const UPSTREAM_KEEPS = 5_000;

const { seconds, users, connections } = readWholeNumbers({ seconds: 600, users: 10_000, connections: 32 });

const upstream = await Upstream.listen();
const gateway = await startNpm({ args: ["--var", `UPSTREAM_URL:${upstream.url}`] });
const statuses = new Map<string, number>();
const memory: number[] = [];
const seen = new Set<number>();
const tokens = new Map<string, Promise<string>>();
let asked = 0;
try {
  const hot = await makeToken("hot");
  const endsAtMs = Date.now() + seconds * 1000;
  const hands = Array.from({ length: connections }, async () => {
    while (Date.now() < endsAtMs) await askOne(asked++, hot);
  });
  await Promise.all([report(endsAtMs), ...hands]);
} finally {
  await gateway.close();
  upstream.close();
}
const [middle = Number.NaN, last = Number.NaN] = [1, 2].map(
  (third) => spread(memory.slice((third * memory.length) / 3, ((third + 1) * memory.length) / 3)).median,
);
const growth = (last / middle).toFixed(2);
console.log(
  `\n${asked} requests of ${seen.size} users; memory, median of the last third over that of the middle one: ${growth}`,
);
const unexpected = [...statuses.keys()].filter((status) => !EXPECTED.includes(Number(status)));
if (unexpected.length > 0) throw new Error(`answered ${unexpected.join(", ")}`);

async function askOne(at: number, hot: string): Promise<void> {
  if (at % 997 === 0) return start(await makeToken(`large-${at}`), { blob: LARGE });
  if (at % 4 === 0) return start(hot, {});
  const user = Math.floor(at / 4) % users;
  seen.add(user);
  const token = await makeToken(`user-${user}`);
  return start(token, {}, at % 4 === 1);
}

async function start(token: string, inputs: object, readAfter = false): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const body = JSON.stringify({ data: { inputs } });
  const text = await ask(RUN_PATH, { method: "POST", headers, body });
  if (!readAfter || !text.startsWith('{"data"')) return;
  const { data }: { data: { id: string } } = JSON.parse(text);
  const run = upstream.run(data.id);
  upstream.end(run);
  await ask(`${RUN_PATH}s/${run.id}?wait_seconds=5`, { headers });
  forgetOld();
}

async function ask(path: string, init: RequestInit): Promise<string> {
  const answer = await fetch(`${gateway.url}${path}`, init).catch(() => null);
  const status = String(answer?.status ?? "none");
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
  return (await answer?.text()) ?? "";
}

function forgetOld(): void {
  for (const id of upstream.runs.keys()) {
    if (upstream.runs.size <= UPSTREAM_KEEPS) return;
    upstream.runs.delete(id);
  }
}

async function report(endsAtMs: number): Promise<void> {
  console.log("| seconds | requests | answers | workerd, MB |\n|---|---|---|---|");
  const startedAtMs = Date.now();
  while (Date.now() < endsAtMs) {
    await sleep(Math.min(LINE_EVERY_MS, Math.max(0, endsAtMs - Date.now())));
    const bytes = findWorkerds(gateway).map((pid) => readMemory(pid, "VmRSS"));
    memory.push(bytes.reduce((sum, each) => sum + each, 0) / (1024 * 1024));
    const answers = [...statuses].map(([status, count]) => `${count} × ${status}`);
    const elapsed = Math.round((Date.now() - startedAtMs) / 1000);
    console.log(`| ${[elapsed, asked, answers.join(", "), memory.at(-1)?.toFixed(0)].join(" | ")} |`);
  }
}

function makeToken(sub: string): Promise<string> {
  const known = tokens.get(sub) ?? devToken({ sub, scope: "external", expiresSeconds: 86_400, claims: {} });
  tokens.set(sub, known);
  return known;
}
