// One Node process and a Redis of its own for each kind of request; the CPU of both counts.
import { spawn } from "node:child_process";
import { signingKey } from "../../scripts/dev-keys.ts";
import { freePort } from "../../test/flows/support/environment.ts";
import { pidOf, startServer, stop, untilListening, watch } from "../harness/children.ts";
import type { Contender, Process, World } from "../harness/contender.ts";
import { idempotentRuns, plainRuns, reads, replays, runsWithCallback } from "../harness/shapes.ts";

export const express: readonly Contender[] = [
  contender("express-plain", "plain run", plainRuns),
  contender("express-idempotent", "run with a new idempotency id", idempotentRuns),
  contender("express-replay", "replay of a known id", replays),
  contender("express-callback", "run with a callback, until delivered", runsWithCallback),
  contender("express-read", "read of a run", reads),
];

function contender(name: string, what: string, shape: Contender["shape"]): Contender {
  return {
    name,
    title: `Express, Redis, BullMQ: ${what}`,
    verifies: true,
    needs: ["redis-server", "bench/node_modules"],
    shape,
    start: (world) => startExpress(world, name),
  };
}

async function startExpress(world: World, name: string): Promise<Process> {
  const { upstream, jwks, issuer, audience } = world;
  const [redisPort, upstreamPort] = [await freePort(), upstream.port];
  const redis = startRedis(redisPort, world.folder(name));
  await untilListening("redis-server", redisPort);
  const settings = { redisPort, upstreamPort, jwks, issuer, audience, signingKey: await signingKey() };
  const module = new URL("express-gateway.mjs", import.meta.url);
  const { port, pid } = await startServer(module, [JSON.stringify(settings)]);
  const pids = [pid, redis];
  return { port, pids, close: async () => pids.forEach(stop) };
}

/** What was acknowledged must not be lost for more than a second: with the append-only file, as for any queue. */
function startRedis(port: number, folder: string): number {
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
  const durable = ["--appendonly", "yes", "--appendfsync", "everysec"];
  const redis = spawn("redis-server", [...options, ...durable], { stdio: "ignore" });
  watch(redis);
  return pidOf(redis);
}
