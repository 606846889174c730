// What a deployment asks of the account's namespaces, databases, queues and flags.
import { randomUUID } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import type { Answer, FakeAccount, Flag, Handler } from "./account.ts";

export function buildStoreHandlers(account: FakeAccount, query: URLSearchParams): Record<string, Handler> {
  return {
    "GET /storage/kv/namespaces": () => ({
      result: Number(query.get("page") ?? 1) === 1 ? account.namespaces : [],
    }),
    "POST /storage/kv/namespaces": (_, { body }) => createNamespace(account, JSON.parse(body)),
    "GET /d1/database": () => ({
      result: account.databases
        .filter(({ name }) => (query.get("name") ?? name) === name)
        .map(({ uuid, name }) => ({
          uuid,
          name,
          created_at: "2026-11-01T00:00:00Z",
          version: "production",
        })),
    }),
    "POST /d1/database": (_, { body }) => createDatabase(account, JSON.parse(body)),
    "GET /d1/database/([^/]+)": ([id]) => showDatabase(account, id),
    "POST /d1/database/([^/]+)/query": ([id], { body }) => ask(account, id, JSON.parse(body)),
    "GET /queues": () => ({
      result: account.queues
        .filter(
          ({ queue_name: name }) => query.getAll("name").length === 0 || query.getAll("name").includes(name),
        )
        .map((queue) => ({
          ...queue,
          producers: [],
          producers_total_count: 0,
          consumers_total_count: queue.consumers.length,
        })),
    }),
    "POST /queues": (_, { body }) => createQueue(account, JSON.parse(body)),
    "POST /queues/([^/]+)/consumers": ([id], { body }) => addConsumer(account, id, JSON.parse(body)),
    "PUT /queues/([^/]+)/consumers/([^/]+)": () => ({ result: {} }),
    "GET /flagship/apps": () => ({ result: account.apps.map(({ id, name }) => ({ id, name })) }),
    "POST /flagship/apps": (_, { body }) => {
      const { name }: { name: string } = JSON.parse(body);
      const app = { id: randomUUID(), name, flags: [] };
      account.apps.push(app);
      return { result: { id: app.id, name: app.name } };
    },
    "GET /flagship/apps/([^/]+)/flags/([^/]+)": ([id, key]) => {
      const flag = account.apps.find((app) => app.id === id)?.flags.find((each) => each.key === key);
      return flag === undefined
        ? { status: 404, error: { code: 10_404, message: "Flag not found" } }
        : { result: flag };
    },
    "GET /flagship/apps/([^/]+)/flags": ([id]) => ({
      result: account.apps.find((app) => app.id === id)?.flags ?? [],
    }),
    "POST /flagship/apps/([^/]+)/flags": ([id], { body }) => {
      const flag: Flag = JSON.parse(body);
      account.apps.find((app) => app.id === id)?.flags.push(flag);
      return { result: flag };
    },
  };
}

function createNamespace(account: FakeAccount, { title }: { title: string }): Answer {
  if (account.namespaces.some((namespace) => namespace.title === title))
    return { status: 400, error: { code: 10_014, message: "a namespace with this title already exists" } };
  const namespace = { id: randomUUID().replaceAll("-", ""), title };
  account.namespaces.push(namespace);
  return { result: namespace };
}

function createDatabase(account: FakeAccount, { name }: { name: string }): Answer {
  if (account.databases.some((database) => database.name === name))
    return { status: 400, error: { code: 7502, message: "A database with that name already exists" } };
  const database = { uuid: randomUUID(), name, sql: new DatabaseSync(":memory:") };
  account.databases.push(database);
  return { result: { uuid: database.uuid, name, created_at: "2026-11-01T00:00:00Z" } };
}

function showDatabase(account: FakeAccount, idOrName: string | undefined): Answer {
  const found = account.databases.find(({ uuid, name }) => uuid === idOrName || name === idOrName);
  if (found === undefined)
    return { status: 404, error: { code: 7404, message: "The database is not found" } };
  const { uuid, name } = found;
  return { result: { uuid, name, version: "production", num_tables: 0, file_size: 4096 } };
}

function ask(account: FakeAccount, id: string | undefined, { sql }: { sql: string }): Answer {
  const database = account.databases.find(({ uuid }) => uuid === id);
  if (database === undefined)
    return { status: 404, error: { code: 7404, message: "The database is not found" } };
  try {
    const results = isRead(JSON.stringify({ sql })) ? database.sql.prepare(sql).all() : [];
    if (results.length === 0) database.sql.exec(sql);
    return { result: [{ results, success: true, meta: { duration: 0.1 } }] };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { status: 400, error: { code: 7500, message: `${message}: SQLITE_ERROR` } };
  }
}

function createQueue(account: FakeAccount, { queue_name: name }: { queue_name: string }): Answer {
  if (account.queues.some((queue) => queue.queue_name === name))
    return { status: 409, error: { code: 11_009, message: `Queue name '${name}' is already taken` } };
  const queue = { queue_id: randomUUID(), queue_name: name, consumers: [] };
  account.queues.push(queue);
  return { result: queue };
}

function addConsumer(
  account: FakeAccount,
  id: string | undefined,
  { script_name: script, dead_letter_queue: dead }: { script_name: string; dead_letter_queue?: string },
): Answer {
  const consumer = { consumer_id: randomUUID(), type: "worker", script, environment: "production" };
  account.queues
    .find((queue) => queue.queue_id === id)
    ?.consumers.push({ ...consumer, ...(dead !== undefined && { dead_letter_queue: dead }) });
  return { result: consumer };
}

export function isRead(body: string): boolean {
  const { sql }: { sql: string } = JSON.parse(body);
  return /^\s*(?:SELECT|PRAGMA)\b/i.test(sql);
}
