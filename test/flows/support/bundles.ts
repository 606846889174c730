// What serve.ts serves: the Workers bundled as `wrangler deploy` bundles them, and what their wrangler.toml says. To make
// them takes longer than the start of a gateway, so they are kept until their source changes.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundle } from "../../../scripts/bundle.ts";
import { keptFolder } from "../../../scripts/kept-folder.ts";
import { PROJECT } from "./environment.ts";

const BUNDLES = {
  gateway: { config: "wrangler.toml" },
  sandbox: { config: "sandbox/wrangler.toml" },
};
/** Everything that decides what is in them. */
const SOURCES = ["src/**", "sandbox/**", "wrangler.toml", "tsconfig.json", "package-lock.json"];

let bundles: Promise<string> | null = null;

/** Where they are: one folder each, and its options for miniflare in a file beside it. */
export function bundlesFolder(): Promise<string> {
  bundles ??= keptFolder("bundles", SOURCES, makeBundles);
  return bundles;
}

async function makeBundles(folder: string): Promise<void> {
  // A large library, and of no use once they are made.
  const { unstable_getMiniflareWorkerOptions } = await import("wrangler");
  await Promise.all(
    Object.entries(BUNDLES).map(async ([name, source]) => {
      await bundle(source, join(folder, name));
      const { workerOptions } = unstable_getMiniflareWorkerOptions(join(PROJECT, source.config));
      await writeFile(join(folder, `${name}.json`), JSON.stringify(workerOptions));
    }),
  );
}
