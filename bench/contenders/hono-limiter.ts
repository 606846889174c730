import type { Contender } from "../harness/contender.ts";
import { plainRuns } from "../harness/shapes.ts";
import { startWorker } from "../harness/worker.ts";

export const honoLimiter: Contender = {
  name: "hono-limiter",
  title: "Hono, its jwk middleware, hono-rate-limiter: plain run",
  verifies: true,
  needs: ["bench/node_modules"],
  shape: plainRuns,
  start: ({ upstream, jwks, issuer, audience, folder }) =>
    startWorker({
      name: "hono-limiter",
      config: "bench/workers/hono-limiter/wrangler.toml",
      folder: folder("hono-limiter"),
      bindings: () => ({
        UPSTREAM_URL: `http://127.0.0.1:${upstream.port}`,
        JWKS: jwks,
        ISSUER: issuer,
        AUDIENCE: audience,
      }),
    }),
};
