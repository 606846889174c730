// The upstream with no gateway in front of it: it must be able to do far more than what is measured.
import type { Contender } from "../harness/contender.ts";
import { plainRuns } from "../harness/shapes.ts";

export const upstreamItself: Contender = {
  name: "upstream",
  title: "nothing: the upstream itself",
  verifies: false,
  shape: plainRuns,
  start: async ({ upstream: { port, pid } }) => ({ port, pids: [pid], close: async () => undefined }),
};
