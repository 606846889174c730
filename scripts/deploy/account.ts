// What the account has already. Reads only: a dry run does this too.
import { z } from "zod";
import { type Wrangler, WranglerFailed } from "./wrangler.ts";

export type Live = {
  versionId: string;
  /** Of what `npm run deploy` put there; null when another tool did, or when not all requests go to it. */
  tag: string | null;
  bindings: readonly LiveBinding[];
};

type LiveBinding = z.infer<typeof liveBinding>;

export type Running = {
  /** Null: the Worker has never been deployed. */
  live: Live | null;
  secrets: ReadonlySet<string>;
};

export const NOTHING_RUNS: Running = { live: null, secrets: new Set() };

const NO_WORKER = /\[code: 100(?:07|90)\]/;

const liveBinding = z.object({
  name: z.string(),
  type: z.string(),
  text: z.string().optional(),
  namespace_id: z.string().optional(),
  queue_name: z.string().optional(),
  app_id: z.string().optional(),
});
const namespaces = z.array(z.object({ id: z.string(), title: z.string() }));
const databases = z.array(z.object({ uuid: z.string(), name: z.string() }));
const apps = z.array(z.object({ id: z.string(), name: z.string() }));
const namesShape = z.array(z.object({ name: z.string() }));
const nameRows = z.array(z.object({ results: namesShape }));
const flags = z.object({ items: z.array(z.object({ key: z.string() })) });
const deployment = z.object({
  versions: z.array(z.object({ version_id: z.string(), percentage: z.number() })).min(1),
});
const version = z.object({
  annotations: z.record(z.string(), z.string()).optional(),
  resources: z.object({ bindings: z.array(liveBinding) }),
});

/** What runs; null without a login. */
export async function checkWorker(wrangler: Wrangler): Promise<Running | null> {
  try {
    const live = await liveVersion(wrangler);
    return live === null ? NOTHING_RUNS : { live, secrets: await readSecrets(live, wrangler) };
  } catch (error) {
    if (error instanceof WranglerFailed && error.isNotLoggedIn) return null;
    throw error;
  }
}

// Each of these is null when there is none of this name.

export async function namespaceId(wrangler: Wrangler, title: string): Promise<string | null> {
  const list = await wrangler.json(["kv", "namespace", "list"], namespaces);
  return list.find((namespace) => namespace.title === title)?.id ?? null;
}

export async function databaseId(wrangler: Wrangler, name: string): Promise<string | null> {
  const list = await wrangler.json(["d1", "list", "--json"], databases);
  return list.find((database) => database.name === name)?.uuid ?? null;
}

export async function appId(wrangler: Wrangler, name: string): Promise<string | null> {
  const list = await wrangler.json(["flagship", "apps", "list", "--json"], apps);
  return list.find((app) => app.name === name)?.id ?? null;
}

export async function queueName(wrangler: Wrangler, name: string): Promise<string | null> {
  return unless(/Queue ".*" does not exist/, async () => {
    await wrangler.run(["queues", "info", name]);
    return name;
  });
}

export async function hasFlag(wrangler: Wrangler, app: string, key: string): Promise<boolean> {
  const command = ["flagship", "flags", "list", app, "--all", "--remote", "--json"];
  const { items } = await wrangler.json(command, flags);
  return items.some((flag) => flag.key === key);
}

/** Names of the migrations that a database has had. Unlike wrangler's own list, this one makes no table. */
export async function appliedMigrations(wrangler: Wrangler, database: string): Promise<ReadonlySet<string>> {
  const command = ["d1", "execute", database, "--remote", "--json", "--command"];
  const rows = await unless(/no such table/, async () => {
    const [first] = await wrangler.json([...command, "SELECT name FROM d1_migrations"], nameRows);
    return first?.results;
  });
  return new Set(rows?.map(({ name }) => name));
}

// Signing keys must never be made where there are some: before it believes that there are none, it asks once more.
async function readSecrets({ bindings }: Live, wrangler: Wrangler): Promise<ReadonlySet<string>> {
  const bound = bindings.filter(({ type }) => type === "secret_text").map(({ name }) => name);
  if (bound.includes("SIGNING_KEYS")) return new Set(bound);
  const listed = await wrangler.json(["secret", "list"], namesShape);
  return new Set([...bound, ...listed.map(({ name }) => name)]);
}

async function liveVersion(wrangler: Wrangler): Promise<Live | null> {
  return unless(NO_WORKER, async () => {
    const { versions } = await wrangler.json(["deployments", "status", "--json"], deployment);
    const [most] = versions.toSorted((a, b) => b.percentage - a.percentage);
    if (most === undefined) throw new Error("a deployment has no version");
    const { version_id: versionId, percentage } = most;
    const details = await wrangler.json(["versions", "view", versionId, "--json"], version);
    const tag = percentage === 100 ? (details.annotations?.["workers/tag"] ?? null) : null;
    return { versionId, tag, bindings: details.resources.bindings };
  });
}

/** Null where wrangler says just this. */
async function unless<T>(missing: RegExp, read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof WranglerFailed && missing.test(error.output)) return null;
    throw error;
  }
}
