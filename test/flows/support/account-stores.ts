// What is asked of the account's namespaces, databases, queues and flags.
import { randomUUID } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import type { Answer, FakeAccount, Flag, Handler } from "./account.ts";

const APPS = "/flagship/apps";
const FLAGS = `${APPS}/([^/]+)/flags`;
const CREATED_AT = "2026-11-01T00:00:00Z";

export function buildStoreHandlers(account: FakeAccount, query: URLSearchParams): Record<string, Handler> {
  const isAskedFor = (name: string) => !query.has("name") || query.getAll("name").includes(name);
  return {
    "GET /storage/kv/namespaces": () => ({
      result: Number(query.get("page") ?? 1) === 1 ? account.namespaces : [],
    }),
    "POST /storage/kv/namespaces": (_, { body }) => {
      const { title }: { title: string } = JSON.parse(body);
      return added(account.namespaces, { id: randomUUID().replaceAll("-", ""), title });
    },
    "GET /d1/database": () => ({
      result: account.databases.filter(({ name }) => isAskedFor(name)).map(shownDatabase),
    }),
    "POST /d1/database": (_, { body }) => {
      const { name }: { name: string } = JSON.parse(body);
      const database = { uuid: randomUUID(), name, sql: new DatabaseSync(":memory:") };
      account.databases.push(database);
      return { result: shownDatabase(database) };
    },
    "GET /d1/database/([^/]+)": ([id]) => {
      const found = account.databases.find(({ uuid, name }) => uuid === id || name === id);
      return found === undefined ? NO_DATABASE : { result: shownDatabase(found) };
    },
    "POST /d1/database/([^/]+)/query": ([id], { body }) => ask(account, id, JSON.parse(body)),
    "GET /queues": () => ({
      result: account.queues
        .filter(({ queue_name: name }) => isAskedFor(name))
        .map((queue) => ({
          ...queue,
          producers: [],
          producers_total_count: 0,
          consumers_total_count: queue.consumers.length,
        })),
    }),
    "POST /queues": (_, { body }) => {
      const { queue_name }: { queue_name: string } = JSON.parse(body);
      return added(account.queues, { queue_id: randomUUID(), queue_name, consumers: [] });
    },
    "POST /queues/([^/]+)/consumers": ([id], { body }) => {
      const { script_name: script, dead_letter_queue }: Consuming = JSON.parse(body);
      const consumer = { consumer_id: randomUUID(), type: "worker", script, environment: "production" };
      const queue = account.queues.find((each) => each.queue_id === id);
      return added(queue?.consumers, { ...consumer, ...(dead_letter_queue && { dead_letter_queue }) });
    },
    "PUT /queues/([^/]+)/consumers/([^/]+)": () => ({ result: {} }),
    [`GET ${APPS}`]: () => ({ result: account.apps.map(({ id, name }) => ({ id, name })) }),
    [`POST ${APPS}`]: (_, { body }) => {
      const { name }: { name: string } = JSON.parse(body);
      return added(account.apps, { id: randomUUID(), name, flags: [] });
    },
    [`GET ${FLAGS}`]: ([id]) => ({ result: flagsOf(account, id) }),
    [`POST ${FLAGS}`]: ([id], { body }) => added(flagsOf(account, id), JSON.parse(body)),
    [`GET ${FLAGS}/([^/]+)`]: ([id, key]) => {
      const flag = flagsOf(account, id).find((each) => each.key === key);
      return flag === undefined
        ? { status: 404, error: { code: 10_404, message: "Flag not found" } }
        : { result: flag };
    },
    [`PUT ${FLAGS}/([^/]+)`]: ([id, key], { body }) => {
      const flag: Flag = JSON.parse(body);
      const flags = flagsOf(account, id);
      flags[flags.findIndex((each) => each.key === key)] = flag;
      return { result: flag };
    },
    [`GET ${APPS}/([^/]+)/evaluate`]: ([id]) => ({ result: evaluated(flagsOf(account, id), query) }),
  };
}

type Database = FakeAccount["databases"][number];
type Consuming = { script_name: string; dead_letter_queue?: string };

const NO_DATABASE: Answer = { status: 404, error: { code: 7404, message: "The database is not found" } };

function added<T>(all: T[] | undefined, one: T): Answer {
  all?.push(one);
  return { result: one };
}

function shownDatabase({ uuid, name }: Database): object {
  return { uuid, name, created_at: CREATED_AT, version: "production", num_tables: 0, file_size: 4096 };
}

function ask(account: FakeAccount, id: string | undefined, { sql }: { sql: string }): Answer {
  const database = account.databases.find(({ uuid }) => uuid === id);
  if (database === undefined) return NO_DATABASE;
  try {
    const results = isRead(JSON.stringify({ sql })) ? database.sql.prepare(sql).all() : [];
    if (results.length === 0) database.sql.exec(sql);
    return { result: [{ results, success: true, meta: { duration: 0.1 } }] };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { status: 400, error: { code: 7500, message: `${message}: SQLITE_ERROR` } };
  }
}

function flagsOf({ apps }: FakeAccount, id: string | undefined): Flag[] {
  return apps.find((app) => app.id === id)?.flags ?? [];
}

/** By rules that name the value of an attribute; there is no share of users here. */
function evaluated(flags: readonly Flag[], query: URLSearchParams): object {
  const flag = flags.find(({ key }) => key === query.get("flagKey"));
  if (flag === undefined) return { reason: "ERROR", errorCode: "FLAG_NOT_FOUND" };
  const rule = flag.rules?.find(
    ({ conditions, rollout }) =>
      rollout === undefined && conditions.every(({ attribute, value }) => query.get(attribute) === value),
  );
  const variant = rule?.serve_variation ?? flag.default_variation;
  const reason = rule === undefined ? "DEFAULT" : "TARGETING_MATCH";
  return { flagKey: flag.key, value: flag.variations[variant], variant, reason };
}

export function isRead(body: string): boolean {
  const { sql }: { sql: string } = JSON.parse(body);
  return /^\s*(?:SELECT|PRAGMA)\b/i.test(sql);
}
