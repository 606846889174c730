// The gateway, one process for each kind of request, so that none inherits another's rows or unfinished deliveries.
import type { Source } from "../../scripts/bundle.ts";
import { signingKey } from "../../scripts/dev-keys.ts";
import type { Contender, Process, World } from "../harness/contender.ts";
import * as shapes from "../harness/shapes.ts";
import { startWorker, type WorkerOptions } from "../harness/worker.ts";

/** The highest that the settings take: no user is refused, and every user is counted. */
const NO_REFUSALS = "1000000";

export const ours: readonly Contender[] = [
  contender("ours-plain", "plain run", shapes.plainRuns),
  contender("ours-new-tokens", "plain run, each token new to it", shapes.plainRunsWithNewTokens),
  contender("ours-idempotent", "run with a new idempotency id", shapes.idempotentRuns),
  contender("ours-replay", "replay of a known id", shapes.replays),
  contender("ours-callback", "run with a callback, until delivered", shapes.runsWithCallback),
  contender("ours-read", "read of a run", shapes.reads),
  {
    name: "ours-logged",
    title: "Edge Actions: plain run, log lines to a file",
    verifies: true,
    shape: shapes.plainRuns,
    start: (world) => startGateway(world, "ours-logged", { stdout: `${world.folder("ours-logged")}/lines` }),
  },
];

function contender(name: string, what: string, shape: Contender["shape"]): Contender {
  return {
    name,
    title: `Edge Actions: ${what}`,
    verifies: true,
    shape,
    start: (world) => startGateway(world, name),
  };
}

/** The gateway as it is deployed. */
export const GATEWAY: Source = { config: "wrangler.toml", environment: "production" };

/** It, against the bench's upstream. */
export async function startGateway(
  world: World,
  name: string,
  more: Partial<Pick<WorkerOptions, "stdout" | "inspectorPort" | "keepNames">> = {},
): Promise<Process> {
  const signingKeys = JSON.stringify({ keys: [await signingKey()] });
  return startWorker({
    name,
    ...GATEWAY,
    folder: world.folder(name),
    bindings: (origin) => ({
      PUBLIC_URL: origin,
      UPSTREAM_URL: `http://127.0.0.1:${world.upstream.port}`,
      JWT_ISSUERS: world.issuers,
      SIGNING_KEYS: signingKeys,
      RATE_LIMIT_DEFAULT: NO_REFUSALS,
      READ_LIMIT: NO_REFUSALS,
      ALLOW_PRIVATE_CALLBACKS: "true",
    }),
    ...more,
  });
}
