// npm run chaos [-- --seconds 120 --seed N --rate R]: breaks everything at once, for a while, and accounts for every run.
// Prints the accounting; ends in failure, with the time line of each run that differs, when any does.
import { parseArgs } from "node:util";
import { parseWholeNumber } from "../../../scripts/whole-number.ts";
import { runChaos } from "./chaos.ts";

const MAX_SEED = 2 ** 31;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "120" },
    seed: { type: "string", default: String(Math.floor(Math.random() * MAX_SEED)) },
    rate: { type: "string", default: "5" },
  },
});
const seed = parseWholeNumber("--seed", values.seed);
const seconds = parseWholeNumber("--seconds", values.seconds);
const rate = parseWholeNumber("--rate", values.rate);

console.log(`chaos: ${seconds} s at ${rate} runs/s, then the drain; --seed ${seed} plans the same again`);
const { report, differences } = await runChaos({ seed, seconds, rate });
console.log(`\n${report}\n`);
console.log(differences.length === 0 ? "Every run is accounted for." : differences.join("\n"));
process.exit(differences.length === 0 ? 0 : 1);
