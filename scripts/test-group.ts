// npm run test:unit|test:worker|test:flows [-- FILE… --watch OPTIONS]: the tests of one group. Options are vitest's own.
import { Failure } from "./failure.ts";
import { GROUPS, runSelection } from "./test-selection.ts";

const [name, ...parameters] = process.argv.slice(2);
const groups = Object.keys(GROUPS);
if (name !== "unit" && name !== "worker" && name !== "flows")
  throw new Failure(
    `usage: node scripts/run.mjs scripts/test-group.ts ${groups.join("|")} [FILE… --watch OPTIONS]`,
  );
await runSelection(name, parameters);
