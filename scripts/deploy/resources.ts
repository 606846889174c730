// Everything that wrangler.toml binds the Worker to, found or made. An id that stands there is taken as it is; then
// comes what the running Worker is bound to, then what has the right name. `wrangler deploy` can make some of it too,
// but takes its own work for another tool's when it has been stopped half-way.
import type { Live } from "./account.ts";
import { appId, databaseId, namespaceId, queueName } from "./account.ts";
import type { Config, Target } from "./target.ts";
import type { Wrangler } from "./wrangler.ts";

export type Resource = {
  kind: "KV namespace" | "D1 database" | "queue" | "Flagship app";
  /** As the account lists it. */
  name: string;
  /** Of the Worker; a queue needs none. */
  binding: string | null;
  /** Null: there is none yet. */
  id: string | null;
};

/** With the ids that wrangler.toml or the running Worker knows. */
export function expectedResources({ name, config }: Target, live: Live | null): Resource[] {
  const bound = (binding: string) => live?.bindings.find((each) => each.name === binding);
  return [
    ...config.kv_namespaces.map(({ binding, id = bound(binding)?.namespace_id }): Resource => {
      return { kind: "KV namespace", name: nameFor(name, binding), binding, id: id ?? null };
    }),
    ...config.d1_databases.map(({ binding, database_id: id, database_name: given }): Resource => {
      return { kind: "D1 database", name: given ?? nameFor(name, binding), binding, id: id ?? null };
    }),
    ...queueNames(config).map((queue): Resource => {
      const isBound = live?.bindings.some((each) => each.queue_name === queue) === true;
      return { kind: "queue", name: queue, binding: null, id: isBound ? queue : null };
    }),
    ...config.flagship.map(({ binding, app_id: id = bound(binding)?.app_id }): Resource => {
      return { kind: "Flagship app", name: nameFor(name, binding), binding, id: id ?? null };
    }),
  ];
}

/** With the ids that the account knows. */
export function findAll(resources: readonly Resource[], wrangler: Wrangler): Promise<Resource[]> {
  return Promise.all(
    resources.map(async (resource) => ({
      ...resource,
      id: resource.id ?? (await FIND[resource.kind](wrangler, resource.name)),
    })),
  );
}

/** Its id, once it is there. */
export async function make(resource: Resource, wrangler: Wrangler): Promise<string> {
  const { kind, name } = resource;
  const printed = await wrangler.run([...CREATE[kind], name]);
  if (kind === "queue") return name;
  // wrangler prints what a configuration needs; should it ever print that in another form, its lists have the id too.
  const id = PRINTED_ID.exec(printed)?.[1] ?? (await FIND[kind](wrangler, name));
  if (id === null) throw new Error(`${name} was made, and is not listed`);
  return id;
}

/** The same configuration with the ids in it. */
export function withIds(config: Config, resources: readonly Resource[]): Config {
  const idFor = (binding: string) => resources.find((resource) => resource.binding === binding)?.id ?? null;
  return {
    ...config,
    kv_namespaces: config.kv_namespaces.map((kv) => ({ ...kv, ...idMember("id", idFor(kv.binding)) })),
    d1_databases: config.d1_databases.map((d1) => ({ ...d1, ...idMember("database_id", idFor(d1.binding)) })),
    flagship: config.flagship.map((app) => ({ ...app, ...idMember("app_id", idFor(app.binding)) })),
  };
}

function idMember(key: string, id: string | null): Record<string, string> {
  return id === null ? {} : { [key]: id };
}

const PRINTED_ID = /"(?:id|database_id|app_id)": "([^"]+)"/;
const CREATE: Record<Resource["kind"], readonly string[]> = {
  "KV namespace": ["kv", "namespace", "create"],
  "D1 database": ["d1", "create"],
  queue: ["queues", "create"],
  "Flagship app": ["flagship", "apps", "create"],
};

const FIND: Record<Resource["kind"], (wrangler: Wrangler, name: string) => Promise<string | null>> = {
  "KV namespace": namespaceId,
  "D1 database": databaseId,
  queue: queueName,
  "Flagship app": appId,
};

function queueNames({ queues: { producers = [], consumers = [] } }: Config): string[] {
  const names = [
    ...producers.map(({ queue }) => queue),
    ...consumers.flatMap(({ queue, dead_letter_queue: dead }) => [queue, dead]),
  ];
  return [...new Set(names.filter((name) => name !== undefined))];
}

// As `wrangler deploy` names what it makes itself.
function nameFor(worker: string, binding: string): string {
  return `${worker}-${binding.toLowerCase().replaceAll("_", "-")}`;
}
