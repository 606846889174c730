// What a program finds when a user starts it: not npm's and Vitest's variables that these tests run under, nor the
// project's own programs on the PATH.
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { COMPILE_CACHE } from "../../../scripts/compile-cache.ts";

export const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));

export type Environment = Record<string, string>;

/** `folder` takes whatever the program leaves behind, and keeps other gateways on this machine out of its sight. */
export function userEnvironment(folder: string): Environment {
  const inherited = Object.entries(process.env).flatMap(([name, value]): [string, string][] =>
    value === undefined || isOurs(name) ? [] : [[name, value]],
  );
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((part) => !part.includes("node_modules"));
  return {
    ...Object.fromEntries(inherited),
    PATH: path.join(delimiter),
    ...COMPILE_CACHE,
    NO_COLOR: "1",
    TMPDIR: folder,
    WRANGLER_REGISTRY_PATH: join(folder, "registry"),
    WRANGLER_LOG_PATH: join(folder, "logs"),
    WRANGLER_SEND_METRICS: "false",
  };
}

/** With the project's own programs first on the PATH, as npm runs a script. */
export function withOwnPrograms(env: Environment): Environment {
  return { ...env, PATH: `${join(PROJECT, "node_modules/.bin")}${delimiter}${env["PATH"] ?? ""}` };
}

function isOurs(name: string): boolean {
  return /^(?:npm_|vite|vitest|node_env$|node_options$|test$|mode$|dev$|prod$|ssr$|base_url$|force_color$)/i.test(
    name,
  );
}

export function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "edge-actions-flow-"));
}

export function removeFolder(folder: string): Promise<void> {
  // A process that was killed a moment ago may still be letting go of its files.
  return rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Every file in these folders, however deep. */
export async function findFiles(folders: string[]): Promise<string[]> {
  const lists = folders.map((path) => readdir(path, { recursive: true, withFileTypes: true }));
  const files = (await Promise.all(lists)).flat().filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => join(parentPath, name));
}

/** A free port below those that the system gives to others by itself, so that it is still free after a restart. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

export async function listening<S extends Server>(server: S): Promise<S> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server listens on no port");
  return address.port;
}
