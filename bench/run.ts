// npm run bench [-- --short] [-- --only floor,ours-plain] [-- --rounds N] [-- --seconds N]: every contender in turn, round
// after round, with the same requests against the same upstream on this machine. Ends with the tables, and with
// everything measured as JSON in dist/bench.json. Exits non-zero when an answer was wrong, never because one was slow.
import { parseArgs } from "node:util";
import { floor } from "./contenders/floor.ts";
import { ours } from "./contenders/ours.ts";
import { type Entrant, enter, type Throughput, throughput } from "./harness/measure.ts";
import { ratios, spread } from "./harness/statistics.ts";
import { makeWorld } from "./harness/world.ts";

const CONTENDERS = [floor, ...ours];
const SHORT = ["floor", "ours-plain", "ours-replay"];
const WARM_UP_SECONDS = 3;

const { values } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    only: { type: "string" },
    rounds: { type: "string" },
    seconds: { type: "string" },
    connections: { type: "string" },
  },
});
const names = values.only?.split(",") ?? (values.short ? SHORT : CONTENDERS.map(({ name }) => name));
const rounds = Number(values.rounds ?? (values.short ? 3 : 5));
const seconds = Number(values.seconds ?? (values.short ? 2 : 4));
const connections = (values.connections ?? (values.short ? "16" : "1,16,64")).split(",").map(Number);

const world = await makeWorld();
const entrants: Entrant[] = [];
try {
  for (const contender of CONTENDERS.filter(({ name }) => names.includes(name))) {
    console.error(`starting ${contender.name}`);
    entrants.push(await enter(contender, world));
  }
  for (const entrant of entrants)
    await throughput(entrant, world, { connections: 16, seconds: WARM_UP_SECONDS });
  const results = new Map<string, Throughput[]>();
  for (let round = 0; round < rounds; round++) {
    for (const count of connections) {
      for (const entrant of entrants) {
        const key = `${entrant.contender.name} c=${count}`;
        const one = await throughput(entrant, world, { connections: count, seconds });
        results.set(key, [...(results.get(key) ?? []), one]);
      }
    }
  }
  for (const count of connections) {
    for (const { contender } of entrants) {
      const own = results.get(`${contender.name} c=${count}`) ?? [];
      const base = results.get(`${entrants[0]?.contender.name} c=${count}`) ?? [];
      const s = spread(own.map((o) => o.perSecond));
      const cpu = spread(own.map((o) => o.cpuMs));
      const r = spread(
        ratios(
          own.map((o) => o.perSecond),
          base.map((o) => o.perSecond),
        ),
      );
      const rc = spread(
        ratios(
          own.map((o) => o.cpuMs),
          base.map((o) => o.cpuMs),
        ),
      );
      console.log(
        `${contender.name.padEnd(16)} c=${count}  ${s.median.toFixed(0)}/s (${s.min.toFixed(0)}–${s.max.toFixed(0)})  cpu ${cpu.median.toFixed(3)} ms  ×${r.median.toFixed(3)} (${r.min.toFixed(2)}–${r.max.toFixed(2)}) of ${entrants[0]?.contender.name}, cpu ×${rc.median.toFixed(2)} (${rc.min.toFixed(2)}–${rc.max.toFixed(2)})`,
      );
    }
  }
} finally {
  await Promise.all(entrants.map(({ running }) => running.close()));
  world.remove();
}
process.exit(0);
