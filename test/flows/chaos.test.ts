// All the faults of the other flows at once, over many runs: the short form of `npm run chaos`.
import { expect, it } from "vitest";
import { runChaos } from "./chaos/chaos.ts";

const PLAN = { seed: 4, seconds: 60, rate: 4 };
/** Load and drain; the drain has a bound of its own, after which the accounting says what is missing. */
const WITHIN_MS = 600_000;

it(
  "every run is accounted for: accepted, executed once, told, charged once",
  async () => {
    const { report, differences, kills } = await runChaos(PLAN);
    console.log(report);
    expect(differences).toEqual([]);
    expect(kills).toBeGreaterThan(0);
  },
  WITHIN_MS,
);
