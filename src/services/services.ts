// Everything outside of this code that its features use: settings, stores, objects, the network. It is built here, once for
// each environment of a Worker, and a feature takes what it needs of it: `Pick<Services, "kv" | "upstream">`.
import { IssuerKeys } from "../auth/key-cache.ts";
import { VerifiedTokens } from "../auth/verified-tokens.ts";
import type { BreakerNamespace } from "../callbacks/destination-breaker.ts";
import { PausedHosts } from "../callbacks/paused-hosts.ts";
import type { GateNamespace } from "../gate/address.ts";
import { queueOf } from "../gate/queues.ts";
import { isolateBudget, type MemoryBudget } from "../platform/memory-budget.ts";
import { log } from "../platform/observability/log.ts";
import { network, type Sender } from "../platform/outbound/guard.ts";
import { type Settings, settingsOrNull } from "../platform/settings.ts";
import { buildUpstream, type Upstream } from "../upstream/client.ts";

export type Services = {
  settings: Settings;
  upstream: Upstream;
  network: Sender;
  memory: MemoryBudget;
  issuerKeys: IssuerKeys;
  verifiedTokens: VerifiedTokens;
  kv: KVNamespace;
  gates: GateNamespace;
  breakers: BreakerNamespace;
  pausedHosts: PausedHosts;
  flags: Flagship;
  operatorsDb: D1Database;
  metricsAggregator: Env["METRICS_AGGREGATOR"];
  /** Analytics Engine, where it is on. */
  metrics: AnalyticsEngineDataset | undefined;
  /** For messages about no single gate. */
  queue: Queue;
  /** For messages about a gate's runs; `gate` is the object's id. */
  queueOfGate: (gate: string) => Queue;
};

const built = new WeakMap<Env, Services>();

/** Null when a setting is bad or missing; the log names each. */
export function findServices(env: Env): Services | null {
  const services = built.get(env) ?? buildServices(env);
  if (services !== null) built.set(env, services);
  return services;
}

function buildServices(env: Env): Services | null {
  const settings = settingsOrNull(env);
  if (settings === null) return null;
  const upstream = buildUpstream(settings, env.UPSTREAM);
  if (upstream === null) {
    log({ event: "settings.invalid", problems: ["UPSTREAM_URL or a service binding UPSTREAM is required"] });
    return null;
  }
  return {
    settings,
    upstream,
    network,
    memory: isolateBudget,
    issuerKeys: new IssuerKeys(),
    verifiedTokens: new VerifiedTokens(),
    kv: env.KV,
    gates: env.USER_GATE,
    breakers: env.DESTINATION_BREAKER,
    pausedHosts: new PausedHosts(env.KV),
    flags: env.FLAGS,
    operatorsDb: env.OPERATORS_DB,
    metricsAggregator: env.METRICS_AGGREGATOR,
    metrics: env.METRICS,
    queue: env.RUNS,
    queueOfGate: (gate) => queueOf(env, gate),
  };
}
