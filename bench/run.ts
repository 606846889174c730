// npm run bench [-- --short --only floor,ours-plain --rounds N --seconds N --connections 1,16,64]: every contender in
// turn, round after round, with the same requests against the same upstream on this machine. Prints tables, and writes
// them to dist/bench.md and all numbers to dist/bench.json. The short form is a plain run beside the floor, without an
// open loop. Exits non-zero when an answer was wrong, never because one was slow. What it needs beyond `npm ci`:
// bench/setup.sh.
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Failure } from "../scripts/failure.ts";
import { express } from "./contenders/express.ts";
import { floor } from "./contenders/floor.ts";
import { honoLimiter } from "./contenders/hono-limiter.ts";
import { ours } from "./contenders/ours.ts";
import { upstreamItself } from "./contenders/upstream-itself.ts";
import type { World } from "./harness/contender.ts";
import { type Entrant, enter, latencies, throughput } from "./harness/measure.ts";
import { requireNeeds } from "./harness/needs.ts";
import { type Measured, page } from "./harness/report.ts";
import { spread } from "./harness/statistics.ts";
import { makeWorld } from "./harness/world.ts";

const CONTENDERS = [floor, ...ours, honoLimiter, ...express, upstreamItself];
const SHORT = ["floor", "ours-plain"];
const WARM_UP = { connections: 16, seconds: 2 };
const SHARE_OF_CAPACITY = 1 / 3;

const { values } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    only: { type: "string" },
    rounds: { type: "string" },
    seconds: { type: "string" },
    connections: { type: "string" },
  },
});
const { short } = values;
const names = values.only?.split(",") ?? (short ? SHORT : CONTENDERS.map(({ name }) => name));
const [rounds = 0] = wholeNumbers("rounds", values.rounds ?? (short ? "3" : "5"));
const [seconds = 0] = wholeNumbers("seconds", values.seconds ?? (short ? "2" : "4"));
const connections = wholeNumbers("connections", values.connections ?? (short ? "16" : "1,16,64"));
const unknown = names.filter((name) => !CONTENDERS.some((contender) => contender.name === name));
if (unknown.length > 0)
  throw new Failure(
    `no contender ${unknown.join(", ")}: there are ${CONTENDERS.map(({ name }) => name).join(", ")}`,
  );

// Whatever is chosen, the floor comes first: the others are given in parts of it.
const chosen = CONTENDERS.filter(({ name }) => name === floor.name || names.includes(name));
requireNeeds(["wrk", ...chosen.flatMap(({ needs = [] }) => needs)]);

const world = await makeWorld();
const entrants: Entrant[] = [];
try {
  for (const contender of chosen) {
    say(`starting ${contender.name}`);
    entrants.push(await enter(contender, world));
  }
  const measured = await measure(entrants, world);
  report(measured);
} finally {
  await Promise.all(entrants.map(({ close }) => close()));
}
process.exit(0);

async function measure(all: readonly Entrant[], around: World): Promise<Measured[]> {
  // Each measurement wakes its contender, which is enough where nothing but a slip is looked for.
  if (!short) for (const entrant of all) await throughput(entrant, around, WARM_UP);
  const pairs = all.map((entrant) => ({ entrant, into: nothingYet(entrant) }));
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}, closed loop`);
    for (const count of connections)
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
function openRate(of: Measured, all: readonly Measured[]): number {
  const plain = all.find(({ name }) => name === "ours-plain") ?? of;
  return SHARE_OF_CAPACITY * Math.min(capacity(of), capacity(plain));
}

function capacity({ closed }: Measured): number {
  return Math.max(
    ...[...closed.values()].map((some) => spread(some.map(({ perSecond }) => perSecond)).median),
  );
}

function report(measured: readonly Measured[]): void {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? "unknown CPU"}, Node ${process.versions.node}`;
  const run = { rounds, seconds, connections, machine };
  const text = page(measured, run);
  console.log(text);
  mkdirSync("dist", { recursive: true });
  writeFileSync("dist/bench.md", `${text}\n`);
  const contenders = measured.map((one) => ({ ...one, closed: Object.fromEntries(one.closed) }));
  writeFileSync("dist/bench.json", JSON.stringify({ ...run, contenders }));
}

function wholeNumbers(option: string, text: string): number[] {
  if (/^[1-9]\d{0,4}(,[1-9]\d{0,4})*$/.test(text)) return text.split(",").map(Number);
  throw new Failure(`--${option} takes whole numbers above 0`);
}

function say(what: string): void {
  console.error(`${new Date().toISOString().slice(11, 19)} ${what}`);
}
