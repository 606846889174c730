// The gateway, one process for each kind of request, so that none inherits another's rows or unfinished deliveries.
import { randomUUID } from "node:crypto";
import { signingKey } from "../../scripts/dev-keys.ts";
import { ACTION, type Contender, INPUTS, RUN_PATH, type Running, type World } from "../harness/contender.ts";
import { type Call, FRESH_ID, type Plan } from "../harness/requests.ts";
import { startWorker, type Worker, type WorkerOptions } from "../harness/worker.ts";

const KNOWN_IDS_A_USER = 16;
/** The highest that the settings take: nobody is refused, and everybody is counted. */
const NO_REFUSALS = "1000000";

type Shape = Omit<Running, "port" | "pids" | "close">;

export const ours: readonly Contender[] = [
  contender("ours-plain", "plain run", ({ tokens }) => starts(tokens, {})),
  contender("ours-idempotent", "idempotent run, a new id each", ({ tokens }) =>
    starts(tokens, { idempotency_id: FRESH_ID }),
  ),
  contender("ours-replay", "replay of known ids", ({ tokens }) => ({
    ...replays(tokens),
    upstreamStarts: 0,
  })),
  contender("ours-callback", "run with a callback, until it is delivered", ({ tokens, receiverPort }) => ({
    ...starts(tokens, { callback_url: `http://127.0.0.1:${receiverPort}/hook` }),
    callsBack: true,
  })),
  contender("ours-read", "read of a run", ({ tokens }) => ({ plan: reads(tokens), upstreamStarts: 0 })),
];

function contender(name: string, what: string, shape: (world: World) => Shape): Contender {
  return {
    name,
    title: `Edge Actions: ${what}`,
    async start(world) {
      const worker = await startGateway(world, name);
      return { ...shape(world), port: worker.port, pids: [worker.pid], close: worker.close };
    },
  };
}

/** The gateway's production bundle against the bench's upstream. */
export async function startGateway(
  world: World,
  name: string,
  more: Partial<Pick<WorkerOptions, "stdout" | "inspectorPort" | "keepNames">> = {},
): Promise<Worker> {
  const signingKeys = JSON.stringify({ keys: [await signingKey()] });
  return startWorker({
    name,
    config: "wrangler.toml",
    environment: "production",
    folder: world.folder(name),
    bindings: (origin) => ({
      PUBLIC_URL: origin,
      UPSTREAM_URL: `http://127.0.0.1:${world.upstreamPort}`,
      JWT_ISSUERS: world.issuers,
      SIGNING_KEYS: signingKeys,
      RATE_LIMIT_DEFAULT: NO_REFUSALS,
      READ_LIMIT: NO_REFUSALS,
      ALLOW_PRIVATE_CALLBACKS: "true",
    }),
    ...more,
  });
}

export function starts(tokens: readonly string[], more: object): Shape {
  return { plan: plan(202, tokens, (token) => start(token, more)), upstreamStarts: 1 };
}

// Of each user in turn, the first request under an id comes from the warm-up.
function replays(tokens: readonly string[]): { plan: Plan } {
  const users = Array.from({ length: KNOWN_IDS_A_USER }, () => tokens).flat();
  return { plan: plan(202, users, (token) => start(token, { idempotency_id: randomUUID() })) };
}

function reads(tokens: readonly string[]): Plan {
  const path = () => `/actions/v1/stored-actions/${ACTION}/runs/${randomUUID()}`;
  return plan(200, tokens, (token) => ({ method: "GET", path: path(), token, body: null }));
}

function start(token: string, more: object): Call {
  const body = JSON.stringify({ data: { inputs: INPUTS, ...more } });
  return { method: "POST", path: RUN_PATH, token, body };
}

function plan(expectedStatus: number, tokens: readonly string[], call: (token: string) => Call): Plan {
  return { calls: tokens.map(call), expectedStatus };
}
