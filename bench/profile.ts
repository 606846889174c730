// npm run bench:profile [-- --seconds 10 --kind plain]: where the gateway's Worker spends its
// time under load, by V8's sampling profiler through workerd's inspector: the functions, and then the lines, with the most
// time of their own. Kinds: plain, new-tokens, idempotent, replay, callback, read. Writes the profile to dist/gateway.cpuprofile
// too, for a browser's developer tools. The bundle is production's but for its names, which are kept. Only the gateway's
// own isolate is seen, Worker and Durable Objects, and not the simulators of KV, D1 and Queues.
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { keptBundle } from "../scripts/bundle.ts";
import { Failure } from "../scripts/failure.ts";
import { parseWholeNumber } from "../scripts/whole-number.ts";
import { freePort } from "../test/flows/support/environment.ts";
import { GATEWAY, startGateway } from "./contenders/ours.ts";
import { closedLoop, warmUp } from "./harness/closed-loop.ts";
import type { Contender } from "./harness/contender.ts";
import { lineTimes, openProfiler, type Share, shares } from "./harness/cpu-profile.ts";
import { SMALL } from "./harness/loads.ts";
import { requireNeeds } from "./harness/needs.ts";
import { writeLua } from "./harness/requests.ts";
import * as shapes from "./harness/shapes.ts";
import { makeWorld } from "./harness/world.ts";

const WARM_UP_SECONDS = 4;
const CONNECTIONS = 16;
const SHOWN = 40;
const IDLE = "(idle)";
const PROFILE = "dist/gateway.cpuprofile";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "10" }, kind: { type: "string", default: "plain" } },
});
const KINDS: Record<string, Contender["shape"]> = {
  plain: shapes.plainRuns,
  "new-tokens": shapes.plainRunsWithNewTokens,
  idempotent: shapes.idempotentRuns,
  replay: shapes.replays,
  callback: shapes.runsWithCallback,
  read: shapes.reads,
};
const shape = KINDS[values.kind];
const seconds = parseWholeNumber("--seconds", values.seconds);
if (shape === undefined) throw new Failure(`--kind is one of ${Object.keys(KINDS).join(", ")}`);

requireNeeds(["wrk"]);
const world = await makeWorld(SMALL);
const inspectorPort = await freePort();
const gateway = await startGateway(world, "profile", { inspectorPort, keepNames: true });
try {
  const { calls, expectedStatus } = (await shape(world)).plan;
  const { port } = gateway;
  const planFile = `${world.folder("profile")}/requests.lua`;
  writeLua(planFile, calls, port);
  const load = { port, planFile, expectedStatus, connections: CONNECTIONS };
  const profiler = await openProfiler(new URL(`ws://127.0.0.1:${inspectorPort}/core:user:profile`));
  // What is optimised before the first profile keeps no lines.
  await profiler.start();
  await warmUp({ ...load, seconds: WARM_UP_SECONDS });
  await profiler.stop();
  await profiler.start();
  const { requests } = await closedLoop({ ...load, seconds });
  const profile = await profiler.stop();
  profiler.close();
  mkdirSync("dist", { recursive: true });
  writeFileSync(PROFILE, JSON.stringify(profile));
  const { folder } = await keptBundle({ ...GATEWAY, keepNames: true });
  const file = `${folder}/index.js`;
  print(shares(profile, file), lineTimes(profile, file), requests);
} finally {
  await gateway.close();
}
process.exit(0);

function print(all: readonly Share[], lines: ReturnType<typeof lineTimes>, requests: number): void {
  const each = (us: number) => (us / requests).toFixed(1).padStart(8);
  const busy = all.filter(({ name }) => name !== IDLE);
  const busyUs = busy.reduce((sum, { selfUs }) => sum + selfUs, 0);
  const share = (us: number) => ((100 * us) / busyUs).toFixed(1).padStart(6);
  console.log(`${requests} requests; microseconds a request`);
  console.log("\n    self  % of all    total  function");
  for (const { name, place, selfUs, totalUs } of busy.slice(0, SHOWN))
    console.log(`${each(selfUs)}    ${share(selfUs)} ${each(totalUs)}  ${name}  ${place}`);
  console.log("\n    self  % of all  line");
  for (const [line, us] of lines.slice(0, SHOWN)) console.log(`${each(us)}    ${share(us)}  ${line}`);
}
