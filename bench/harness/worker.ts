// A Worker in workerd, reached without a proxy of the development tools: its production bundle, its bindings as its
// wrangler.toml names them. KV, D1, Queues and the flag service are miniflare's simulators, which run in the same workerd
// and whose CPU is counted with the Worker's.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { convertV4MiniflareOptions, type kCurrentWorker, Miniflare } from "miniflare";
import { keptBundle, readModules, type Source } from "../../scripts/bundle.ts";
import { freePort } from "../../test/flows/support/environment.ts";
import type { Process } from "./contender.ts";

export type WorkerOptions = Source & {
  name: string;
  /** A folder of its own, for what it stores. */
  folder: string;
  bindings: (origin: string) => Record<string, string>;
  /** Where its log lines go. */
  stdout?: string;
  inspectorPort?: number;
  /** By the name of a binding. */
  services?: Record<string, { name: typeof kCurrentWorker; entrypoint: string }>;
};

const WORKERD = createRequire(import.meta.resolve("miniflare"))("workerd").default;

export async function startWorker(options: WorkerOptions): Promise<Process> {
  const { name, folder, stdout = "/dev/null", inspectorPort, services = {} } = options;
  const { folder: modulesRoot, workerOptions } = await keptBundle(options);
  const port = await freePort();
  const pidFile = join(folder, "pid");
  process.env["MINIFLARE_WORKERD_PATH"] = fileURLToPath(new URL("workerd.sh", import.meta.url));
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...workerOptions,
      name,
      rootPath: modulesRoot,
      modulesRoot,
      modules: readModules(modulesRoot),
      bindings: options.bindings(`http://127.0.0.1:${port}`),
      serviceBindings: services,
      unsafeDirectSockets: [{ host: "127.0.0.1", port }],
      stripCfConnectingIp: false,
      cf: false,
      telemetry: { enabled: false },
      resourcePersistencePath: join(folder, "storage"),
      unsafeRuntimeEnv: {
        BENCH_INSPECTOR: inspectorPort === undefined ? "" : `--inspector-addr=127.0.0.1:${inspectorPort}`,
        BENCH_PID_FILE: pidFile,
        BENCH_WORKERD: WORKERD,
        BENCH_STDOUT: stdout,
      },
    }),
  );
  await miniflare.ready;
  return { port, pids: [Number(readFileSync(pidFile, "utf8"))], close: () => miniflare.dispose() };
}
