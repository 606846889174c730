// What a deployment relies on and no test can try out here: that the settings of the platform are as they must be.
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";
import { PROJECT } from "./support/environment.ts";

const gateway = (env?: string) =>
  readConfig({
    config: join(PROJECT, "wrangler.toml"),
    ...(env !== undefined && { env }),
  });

describe.each([
  { name: "development", config: gateway() },
  { name: "production", config: gateway("production") },
])("in $name", ({ config }) => {
  it("a fetch cannot pass by a zone's security settings, nor reach a private host", () => {
    expect(config.compatibility_flags).toContain("global_fetch_strictly_public");
  });

  it("the platform logs the gateway's own lines, and no request with its URL and headers", () => {
    expect(config.observability?.logs).toMatchObject({ enabled: true, invocation_logs: false });
  });
});

it("private callback targets are for development alone", () => {
  expect(Object.keys(gateway("production").vars)).not.toContain("ALLOW_PRIVATE_CALLBACKS");
});
