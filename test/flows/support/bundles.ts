// What serve.ts serves: the Workers bundled as `wrangler deploy` bundles them, and what their wrangler.toml says. Made
// once for everything that one command starts, as it takes longer than the start of a gateway.
import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { bundle } from "../../../scripts/bundle.ts";
import { PROJECT } from "./environment.ts";

/** Names the folder to processes that are started from here. */
const VARIABLE = "EDGE_ACTIONS_BUNDLES";

const GATEWAY = "wrangler.toml";
const BUNDLES = {
  gateway: { config: GATEWAY },
  /** For faults.ts. */
  "faulty-gateway": { config: GATEWAY, entry: "test/support/faulty-gateway.ts" },
  sandbox: { config: "sandbox/wrangler.toml" },
};

let made: Promise<string> | null = null;

/** Where they are: one folder each, and its options for miniflare in a file beside it. */
export function bundlesFolder(): Promise<string> {
  made ??= Promise.resolve(process.env[VARIABLE] ?? makeBundles());
  return made;
}

async function makeBundles(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "edge-actions-bundles-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  await Promise.all(
    Object.entries(BUNDLES).map(async ([name, source]) => {
      await bundle(source, join(folder, name));
      const { workerOptions } = unstable_getMiniflareWorkerOptions(join(PROJECT, source.config));
      await writeFile(join(folder, `${name}.json`), JSON.stringify(workerOptions));
    }),
  );
  process.env[VARIABLE] = folder;
  return folder;
}
