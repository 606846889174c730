import type { Contender } from "../harness/contender.ts";
import { plainRuns } from "../harness/shapes.ts";
import { startWorker } from "../harness/worker.ts";

export const floor = proxy("floor", "the floor: a bare Hono proxy");

export function proxy(name: string, title: string): Contender {
  return {
    name,
    title,
    verifies: false,
    shape: plainRuns,
    start: ({ upstream, folder }) =>
      startWorker({
        name,
        config: `bench/workers/${name}/wrangler.toml`,
        folder: folder(name),
        bindings: () => ({ UPSTREAM_URL: `http://127.0.0.1:${upstream.port}` }),
      }),
  };
}
