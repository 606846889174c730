// What a deployment relies on and no test can try out here: that the settings of the platform are as they must be.
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";
import type { Config } from "../../scripts/deploy/target.ts";
import { PROJECT } from "./support/environment.ts";

const gateway = (env?: string): Config =>
  readConfig({
    config: join(PROJECT, "wrangler.toml"),
    ...(env !== undefined && { env }),
  });

describe.each([
  { name: "development", config: gateway() },
  { name: "production", config: gateway("production") },
  { name: "staging", config: gateway("staging") },
])("in $name", ({ config }) => {
  it("a fetch cannot pass by a zone's security settings, nor reach a private host", () => {
    expect(config.compatibility_flags).toContain("global_fetch_strictly_public");
  });

  it("the platform logs the gateway's own lines, and no request with its URL and headers", () => {
    expect(config.observability?.logs).toMatchObject({ enabled: true, invocation_logs: false });
    expect(config.observability).toMatchObject({ redact_query_string: true });
  });

  it("a busy object takes new code within half a minute, and its calls can end before that", () => {
    expect(config.durable_objects.code_update_strategy).toEqual({ mode: "deferred", max_delay: 30 });
  });

  it("a plain `wrangler deploy` leaves the settings that `npm run deploy` has set", () => {
    expect(config.keep_vars).toBe(true);
  });
});

it.each(["production", "staging"])(
  "private callback targets are for development alone, not for %s",
  (env) => {
    expect(Object.keys(gateway(env).vars)).not.toContain("ALLOW_PRIVATE_CALLBACKS");
  },
);

it("staging has everything that production has, under names of its own", () => {
  const [production, staging] = ["production", "staging"].map((env) => namesIn(gateway(env)));
  expect(production).toEqual([
    "edge-actions",
    "edge-actions-operators",
    "edge-actions-runs",
    "edge-actions-runs-dead",
    "edge-actions-runs",
    "edge-actions-runs-dead",
  ]);
  expect(staging).toEqual(production?.map((name) => name?.replace("edge-actions", "edge-actions-staging")));
  const bindings = ["production", "staging"].map((env) => bindingsIn(gateway(env)));
  expect(bindings[1]).toEqual(bindings[0]);
});

it("each environment has a dataset of its own for the metrics", () => {
  const datasets = [gateway(), gateway("production"), gateway("staging")];
  expect(datasets.map((config) => config.analytics_engine_datasets)).toEqual([
    [{ binding: "METRICS", dataset: "edge_actions_dev_v1" }],
    [{ binding: "METRICS", dataset: "edge_actions_v1" }],
    [{ binding: "METRICS", dataset: "edge_actions_staging_v1" }],
  ]);
});

function namesIn({ name, d1_databases: databases, queues }: Config): (string | undefined)[] {
  return [
    name,
    ...databases.map(({ database_name: database }) => database),
    ...(queues.producers ?? []).map(({ queue }) => queue),
    ...(queues.consumers ?? []).map(({ queue }) => queue),
  ];
}

function bindingsIn({ kv_namespaces, d1_databases, flagship, durable_objects, triggers }: Config) {
  const bindings = [kv_namespaces, d1_databases, flagship].map((list) => list.map(({ binding }) => binding));
  return [...bindings, durable_objects.bindings, triggers.crons];
}
