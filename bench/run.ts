// npm run bench [-- --short --only floor,ours-plain --simulators --loads small,100kb,5mb,users,hot --rounds N --seconds N
// --connections 1,16,64]: every contender in turn, round after round, with the same requests against the same upstream on
// this machine. Prints tables, and writes them to dist/bench.md and all numbers to dist/bench.json. The short form is a
// plain run beside the floors, without an open loop; --simulators is the gateway beside itself without what simulates the
// platform. Exits non-zero when an answer was wrong, never because one was slow. What it needs beyond `npm ci`:
// bench/setup.sh.
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Failure } from "../scripts/failure.ts";
import { exactFloor } from "./contenders/exact-floor.ts";
import { express } from "./contenders/express.ts";
import { floor } from "./contenders/floor.ts";
import { honoLimiter } from "./contenders/hono-limiter.ts";
import { ours, simulators } from "./contenders/ours.ts";
import { upstreamItself } from "./contenders/upstream-itself.ts";
import { stop } from "./harness/children.ts";
import type { World } from "./harness/contender.ts";
import { LOADS, type Load } from "./harness/loads.ts";
import { type Entrant, enter, latencies, throughput } from "./harness/measure.ts";
import { requireNeeds } from "./harness/needs.ts";
import { page } from "./harness/report.ts";
import { spread } from "./harness/statistics.ts";
import type { Measured } from "./harness/targets.ts";
import { makeWorld } from "./harness/world.ts";

const CONTENDERS = [floor, ...ours, honoLimiter, ...express, upstreamItself];
const SHORT = ["floor", "ours-plain"];
const WARM_UP = { connections: 16, seconds: 2 };
const SHARE_OF_CAPACITY = 1 / 3;
const ALL = [exactFloor, ...CONTENDERS, ...simulators];
const SIMULATORS = ["ours-idempotent", "ours-callback", ...simulators.map(({ name }) => name)];

const { values } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    only: { type: "string" },
    simulators: { type: "boolean", default: false },
    loads: { type: "string", default: "small" },
    rounds: { type: "string" },
    seconds: { type: "string" },
    connections: { type: "string" },
  },
});
const { short } = values;
const standard = short ? SHORT : CONTENDERS.map(({ name }) => name);
const names = values.only?.split(",") ?? (values.simulators ? SIMULATORS : standard);
const [rounds = 0] = wholeNumbers("rounds", values.rounds ?? (short ? "3" : "5"));
const [seconds = 0] = wholeNumbers("seconds", values.seconds ?? (short ? "2" : "4"));
const connections = wholeNumbers("connections", values.connections ?? (short ? "16" : "1,16,64"));
// Whatever is chosen, the exact floor comes first: the others are given in parts of it.
const chosen = choose("contender", ALL, [exactFloor.name, ...names]);
const loads = choose("load", LOADS, values.loads.split(","));
requireNeeds(["wrk", ...chosen.flatMap(({ needs = [] }) => needs)]);

mkdirSync("dist", { recursive: true });
const runs = [];
for (const load of loads) runs.push(await putOn(load));
writeFileSync("dist/bench.md", runs.map(({ text }) => `${text}\n`).join("\n"));
writeFileSync("dist/bench.json", JSON.stringify(runs.map(({ json }) => json)));
process.exit(0);

async function putOn(load: Load) {
  say(`load ${load.name}`);
  const world = await makeWorld(load);
  const entrants: Entrant[] = [];
  try {
    for (const contender of chosen) {
      say(`starting ${contender.name}`);
      entrants.push(await enter(contender, world));
    }
    return report(await measure(entrants, world), load);
  } finally {
    await Promise.all(entrants.map(({ close }) => close()));
    for (const { pid } of [world.upstream, world.receiver]) stop(pid);
  }
}

/** In the order in which they are listed there. */
function choose<T extends { name: string }>(what: string, list: readonly T[], wanted: string[]): T[] {
  const known = list.map(({ name }) => name);
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Failure(`no ${what} ${unknown.join(", ")}: there are ${known.join(", ")}`);
  return list.filter(({ name }) => wanted.includes(name));
}

async function measure(all: readonly Entrant[], around: World): Promise<Measured[]> {
  // Each measurement wakes its contender, which is enough where nothing but a slip is looked for.
  if (!short) for (const entrant of all) await throughput(entrant, around, WARM_UP);
  const pairs = all.map((entrant) => ({ entrant, into: nothingYet(entrant) }));
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}, closed loop`);
    for (const count of limitConnections(around.load))
      for (const { entrant, into } of pairs) {
        const one = await throughput(entrant, around, { connections: count, seconds });
        into.closed.set(count, [...(into.closed.get(count) ?? []), one]);
      }
  }
  const measured = pairs.map(({ into }) => into);
  for (const into of measured) into.openPerSecond = openRate(into, measured);
  for (let round = 1; round <= (short ? 0 : rounds); round++) {
    say(`round ${round} of ${rounds}, open loop`);
    for (const { entrant, into } of pairs)
      into.open.push(await latencies(entrant, around, { perSecond: into.openPerSecond, seconds }));
  }
  return measured;
}

function nothingYet({ name, title }: Entrant): Measured {
  return { name, title, closed: new Map(), open: [], openPerSecond: 0 };
}

/** A third of what it can do itself, and not more than a third of what the gateway can: the floor is compared with that. */
function openRate(measured: Measured, all: readonly Measured[]): number {
  const plain = all.find(({ name }) => name === "ours-plain") ?? measured;
  return SHARE_OF_CAPACITY * Math.min(capacity(measured), capacity(plain));
}

function capacity({ closed }: Measured): number {
  return Math.max(
    ...[...closed.values()].map((some) => spread(some.map(({ perSecond }) => perSecond)).median),
  );
}

function limitConnections(load: Load): number[] {
  return [...new Set(connections.map((count) => Math.min(count, load.maxConnections)))];
}

function report(measured: readonly Measured[], load: Load) {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "unknown CPU"}, Node ${process.versions.node}`;
  const run = { load, rounds, seconds, connections: limitConnections(load), machine };
  const text = page(measured, run);
  console.log(`${text}\n`);
  const contenders = measured.map((one) => ({ ...one, closed: Object.fromEntries(one.closed) }));
  return { text, json: { ...run, contenders } };
}

function wholeNumbers(option: string, text: string): number[] {
  if (/^[1-9]\d{0,4}(,[1-9]\d{0,4})*$/.test(text)) return text.split(",").map(Number);
  throw new Failure(`--${option} takes whole numbers above 0`);
}

function say(what: string): void {
  console.error(`${new Date().toISOString().slice(11, 19)} ${what}`);
}
