// npm run bench:completion [-- --runs 500 --at-once 1]: how long after its push a run's result is at its receiver. It starts
// the gateway as it is deployed, with an upstream and a receiver on this machine, and prints one line of a table: median
// and 99th percentile from just before the push is sent to the first byte of the callback, everything in between included.
import { devToken } from "../scripts/dev-token.ts";
import { readWholeNumbers } from "../scripts/whole-number.ts";
import { startProcess, until } from "../test/flows/support/process.ts";
import { Receiver } from "../test/flows/support/receiver.ts";
import { Upstream } from "../test/flows/support/upstream.ts";
import { RUN_PATH } from "./harness/contender.ts";
import { quantile } from "./harness/statistics.ts";

/** Taken before the counting begins: code is compiled and connections are opened. */
const WARM_UP = 20;
const NOTIFIED_WITHIN_MS = 30_000;
/** Pushes alone are measured, so the timer must not be quicker. */
const NO_POLLS = "RUN_POLL_SCHEDULE:600";

const { runs, "at-once": atOnce } = readWholeNumbers({ runs: 500, "at-once": 1 });

const upstream = await Upstream.listen();
const receiver = await Receiver.listen();
const args = ["--var", `UPSTREAM_URL:${upstream.url}`, "--var", NO_POLLS];
const gateway = await startProcess({ args });
try {
  await measure(WARM_UP);
  const tookMs = (await measure(runs)).toSorted((a, b) => a - b);
  console.log("| runs | at once | median | p99 | longest |\n|---|---|---|---|---|");
  const columns = [0.5, 0.99, 1].map((share) => `${quantile(tookMs, share).toFixed(1)} ms`);
  console.log(`| ${[runs, atOnce, ...columns].join(" | ")} |`);
} finally {
  await gateway.close();
  upstream.close();
  receiver.close();
}

/** Milliseconds for each of `count` runs, some of them at a time. */
async function measure(count: number): Promise<number[]> {
  const claims = { rate_limit: { exempt: true } };
  const token = await devToken({ sub: "bench", scope: "external", expiresSeconds: 3600, claims });
  const tookMs: number[] = [];
  let left = count;
  const hand = async () => {
    while (left-- > 0) tookMs.push(await oneRun(token));
  };
  await Promise.all(Array.from({ length: atOnce }, hand));
  return tookMs;
}

async function oneRun(token: string): Promise<number> {
  const path = `/${crypto.randomUUID()}`;
  const started = await fetch(`${gateway.url}${RUN_PATH}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ data: { inputs: {}, callback_url: receiver.urlAt(path) } }),
  });
  const text = await started.text();
  if (started.status !== 202) throw new Error(`no run was started: ${started.status} ${text}`);
  const { data }: { data: { id: string } } = JSON.parse(text);
  const run = upstream.run(data.id);
  upstream.end(run);
  const notifiedAtMs = performance.now();
  const status = await upstream.push(run);
  if (status !== 202) throw new Error(`the push was answered ${status}`);
  await until("the callback", NOTIFIED_WITHIN_MS, () => receiver.at(path).length > 0);
  return (receiver.at(path)[0]?.atMs ?? Number.NaN) - notifiedAtMs;
}
