import { type Contender, INPUTS, RUN_PATH } from "../harness/contender.ts";
import { startWorker } from "../harness/worker.ts";

export const floor: Contender = {
  name: "floor",
  title: "floor: bare Hono proxy on workerd",
  async start({ upstreamPort, tokens, folder }) {
    const worker = await startWorker({
      name: "floor",
      config: "bench/workers/floor/wrangler.toml",
      folder: folder("floor"),
      bindings: () => ({ UPSTREAM_URL: `http://127.0.0.1:${upstreamPort}` }),
    });
    const body = JSON.stringify({ data: { inputs: INPUTS } });
    return {
      port: worker.port,
      pids: [worker.pid],
      plan: {
        calls: tokens.map((token) => ({ method: "POST", path: RUN_PATH, token, body })),
        expectedStatus: 202,
      },
      upstreamStarts: 1,
      close: worker.close,
    };
  },
};
