import type { Contender } from "../harness/contender.ts";
import { plainRuns } from "../harness/shapes.ts";
import { startWorker } from "../harness/worker.ts";

export const floor: Contender = {
  name: "floor",
  title: "the floor: a bare Hono proxy",
  verifies: false,
  shape: plainRuns,
  start: ({ upstream, folder }) =>
    startWorker({
      name: "floor",
      config: "bench/workers/floor/wrangler.toml",
      folder: folder("floor"),
      bindings: () => ({ UPSTREAM_URL: `http://127.0.0.1:${upstream.port}` }),
    }),
};
