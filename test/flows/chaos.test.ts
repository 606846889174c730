// All the faults of the other flows at once, over many runs: `npm run chaos`, in short.
import { expect, it } from "vitest";
import { userFolder } from "./support/opened.ts";
import { run } from "./support/run.ts";

const PLAN = ["--seconds", "60", "--seed", "4", "--rate", "4"];
/** Load and drain; the drain has a bound of its own, after which the accounting says what is missing. */
const WITHIN_MS = 600_000;

const { env } = await userFolder();

it(
  "every run is accounted for: accepted, executed once, told, charged once",
  async () => {
    const { code, stdout, stderr } = await run("npm", ["run", "--silent", "chaos", "--", ...PLAN], env);
    console.log(stdout);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("Every run is accounted for.");
    expect(stdout).toMatch(/^The operators' index was lost for good after [\d.]+ s\.$/m);
    expect(stdout).toMatch(/^The gateway was killed [1-9]\d* times\.$/m);
  },
  WITHIN_MS,
);
