// The gateway, one process for each kind of request, so that none inherits another's rows or unfinished deliveries.
import { kCurrentWorker } from "miniflare";
import type { Source } from "../../scripts/bundle.ts";
import { signingKey } from "../../scripts/dev-keys.ts";
import type { Contender, Process, World } from "../harness/contender.ts";
import * as shapes from "../harness/shapes.ts";
import { startWorker, type WorkerOptions } from "../harness/worker.ts";

type Options = Partial<Pick<WorkerOptions, "stdout" | "inspectorPort" | "keepNames">> & {
  /** Which simulators give way to bindings that do nothing. */
  stubs?: string;
  /** Stores there. */
  disk?: boolean;
};

/** The highest that the settings take: no user is refused, and every user is counted. */
const NO_REFUSALS = "1000000";

const idempotent = contender("ours-idempotent", "run with a new idempotency id", shapes.idempotentRuns);
const callback = contender("ours-callback", "run with a callback, until delivered", shapes.runsWithCallback);

export const ours: readonly Contender[] = [
  contender("ours-plain", "plain run", shapes.plainRuns),
  contender("ours-new-tokens", "plain run, each token new to it", shapes.plainRunsWithNewTokens),
  idempotent,
  contender("ours-replay", "replay of a known id", shapes.replays),
  callback,
  contender("ours-read", "read of a run", shapes.reads),
  {
    name: "ours-logged",
    title: "Edge Actions: plain run, log lines to a file",
    verifies: true,
    shape: shapes.plainRuns,
    start: (world) => startGateway(world, "ours-logged", { stdout: `${world.folder("ours-logged")}/lines` }),
  },
];

/** The same with something else in place of what simulates the platform: the difference is its share. */
export const simulators: readonly Contender[] = [
  instead(idempotent, "no-kv", "a KV that does nothing", { stubs: "KV" }),
  instead(idempotent, "disk", "storage on the disk", { disk: true }),
  instead(callback, "no-kv", "a KV that does nothing", { stubs: "KV" }),
  instead(callback, "no-queues", "a queue that does nothing", { stubs: "queues" }),
  instead(callback, "disk", "storage on the disk", { disk: true }),
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

function instead(as: Contender, suffix: string, what: string, options: Options): Contender {
  const name = `${as.name}-${suffix}`;
  return {
    ...as,
    name,
    title: `${as.title}, with ${what}`,
    start: (world) => startGateway(world, name, options),
  };
}

/** The gateway as it is deployed. */
export const GATEWAY: Source = { config: "wrangler.toml", environment: "production" };

const STUBBED = {
  ...GATEWAY,
  entry: "bench/workers/stubbed/index.ts",
  services: { CONSUMER: { name: kCurrentWorker, entrypoint: "Consumer" } },
} as const;

/** It, against the bench's upstream. */
export async function startGateway(
  world: World,
  name: string,
  { stubs, disk, ...more }: Options = {},
): Promise<Process> {
  const signingKeys = JSON.stringify({ keys: [await signingKey()] });
  return startWorker({
    name,
    ...(stubs === undefined ? GATEWAY : STUBBED),
    folder: world.folder(name, disk),
    bindings: (origin) => ({
      PUBLIC_URL: origin,
      UPSTREAM_URL: `http://127.0.0.1:${world.upstream.port}`,
      JWT_ISSUERS: world.issuers,
      SIGNING_KEYS: signingKeys,
      RATE_LIMIT_DEFAULT: NO_REFUSALS,
      READ_LIMIT: NO_REFUSALS,
      ALLOW_PRIVATE_CALLBACKS: "true",
      STUBS: stubs ?? "",
    }),
    ...more,
  });
}
