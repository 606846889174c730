// A Cloudflare account as wrangler sees it through the API, kept in memory: what is asked of it changes it as the real
// one would be changed, and is recorded. Its databases are real ones. It knows no other account and no other token.
// Here is what a deployment asks; account-operations.ts has what operators ask.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { buffer } from "node:stream/consumers";
import { operations } from "./account-operations.ts";
import { listening, portOf } from "./environment.ts";
import { Tails } from "./tails.ts";

export const ACCOUNT_ID = "0123456789abcdef0123456789abcdef";
export const API_TOKEN = "token-of-the-test-account";

export type Recorded = { method: string; path: string; body: string };

export type Binding = { name: string; type: string; [member: string]: unknown };

type Version = {
  id: string;
  number: number;
  annotations: Record<string, string>;
  bindings: Binding[];
};
type Worker = {
  versions: Version[];
  /** Ids of versions, the latest one last. */
  deployed: string[];
  secrets: Map<string, string>;
  migrationTag: string | undefined;
  crons: string[];
  isOnWorkersDev: boolean;
};
type Queue = { queue_id: string; queue_name: string; consumers: Consumer[] };
type Consumer = { consumer_id: string; type: string; script: string; dead_letter_queue?: string };
type App = { id: string; name: string; flags: Flag[] };
export type Flag = {
  key: string;
  enabled: boolean;
  default_variation: string;
  variations: Record<string, unknown>;
  rules?: Rule[];
};
type Rule = {
  priority: number;
  conditions: { attribute: string; operator: string; value: unknown }[];
  serve_variation: string;
  rollout?: { percentage: number; attribute: string };
};
type Upload = {
  bindings: (Binding & { text?: string })[];
  annotations?: Record<string, string>;
  migrations?: { new_tag: string };
};

export type Answer = { status?: number; result?: unknown; error?: { code: number; message: string } };
export type Handler = (match: string[], request: Recorded, form: FormData | null) => Answer;

const NOT_FOUND: Answer = { status: 404, error: { code: 10_007, message: "This Worker does not exist" } };
const WORKER = "/workers/scripts/([^/]+)";

export class FakeAccount {
  readonly requests: Recorded[] = [];
  readonly namespaces: { id: string; title: string }[] = [];
  readonly databases: { uuid: string; name: string; sql: DatabaseSync }[] = [];
  readonly queues: Queue[] = [];
  readonly apps: App[] = [];
  readonly workers = new Map<string, Worker>();
  readonly tails: Tails;
  #failing: { method: string; path: RegExp } | null = null;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.tails = new Tails(this.#server);
  }

  static async open(): Promise<FakeAccount> {
    const account = new FakeAccount();
    await listening(account.#server);
    return account;
  }

  /** What wrangler must be told to talk to this account. */
  get environment(): Record<string, string> {
    return {
      CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${portOf(this.#server)}`,
      CLOUDFLARE_ACCOUNT_ID: ACCOUNT_ID,
      CLOUDFLARE_API_TOKEN: API_TOKEN,
    };
  }

  /** From now on, such requests are refused, in a way that wrangler does not try again. */
  fail(method: string, path: RegExp): void {
    this.#failing = { method, path };
  }

  mend(): void {
    this.#failing = null;
  }

  /** Everything but reads, oldest first: what has changed something, or has tried to. */
  changes(since = 0): string[] {
    return this.requests
      .slice(since)
      .filter(({ method, body, path }) => method !== "GET" && !(path.endsWith("/query") && isRead(body)))
      .map(({ method, path }) => `${method} ${path}`);
  }

  secretOf(worker: string, name: string): string | undefined {
    return this.workers.get(worker)?.secrets.get(name);
  }

  /** Everything that is in it, to compare. */
  state(): unknown {
    const databases = this.databases.map(({ name, sql }) => [
      name,
      sql.prepare("SELECT name, sql FROM sqlite_schema").all(),
    ]);
    const { namespaces, queues, apps, workers } = this;
    return structuredClone({ databases, namespaces, queues, apps, workers });
  }

  async close(): Promise<void> {
    const gone = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await gone;
    for (const { sql } of this.databases) sql.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await buffer(request);
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://account.test");
    const path = pathname.replace(`/accounts/${ACCOUNT_ID}`, "");
    const recorded = { method: request.method ?? "GET", path, body: bytes.toString("utf8") };
    this.requests.push(recorded);
    const isOurs = request.headers.authorization === `Bearer ${API_TOKEN}`;
    const answer = isOurs
      ? await this.#answer(recorded, searchParams, request, bytes).catch(brokenOff)
      : { status: 401, error: { code: 10_000, message: "Authentication error" } };
    response.writeHead(answer.status ?? 200, { "content-type": "application/json" });
    response.end(JSON.stringify(envelopeOf(answer)));
  }

  async #answer(
    recorded: Recorded,
    query: URLSearchParams,
    request: IncomingMessage,
    bytes: Buffer,
  ): Promise<Answer> {
    const { method, path } = recorded;
    if (this.#failing?.method === method && this.#failing.path.test(path))
      return { status: 400, error: { code: 10_001, message: "the test account refuses" } };
    const type = request.headers["content-type"] ?? "";
    const form = type.startsWith("multipart/")
      ? await new Response(new Uint8Array(bytes), { headers: { "content-type": type } }).formData()
      : null;
    for (const [name, handle] of Object.entries(this.#handlers(query))) {
      const [wanted, pattern] = name.split(" ");
      const match = wanted === method ? new RegExp(`^${pattern}$`).exec(path) : null;
      if (match !== null) return handle(match.slice(1), recorded, form);
    }
    return { status: 404, error: { code: 7003, message: `the test account knows no ${method} ${path}` } };
  }

  #handlers(query: URLSearchParams): Record<string, Handler> {
    return {
      ...operations(this, query),
      "GET /storage/kv/namespaces": () => ({
        result: Number(query.get("page") ?? 1) === 1 ? this.namespaces : [],
      }),
      "POST /storage/kv/namespaces": (_, { body }) => this.#createNamespace(JSON.parse(body)),
      "GET /d1/database": () => ({
        result: this.databases
          .filter(({ name }) => (query.get("name") ?? name) === name)
          .map(({ uuid, name }) => ({
            uuid,
            name,
            created_at: "2026-11-01T00:00:00Z",
            version: "production",
          })),
      }),
      "POST /d1/database": (_, { body }) => this.#createDatabase(JSON.parse(body)),
      "GET /d1/database/([^/]+)": ([id]) => this.#database(id),
      "POST /d1/database/([^/]+)/query": ([id], { body }) => this.#query(id, JSON.parse(body)),
      "GET /queues": () => ({
        result: this.queues
          .filter(
            ({ queue_name: name }) =>
              query.getAll("name").length === 0 || query.getAll("name").includes(name),
          )
          .map((queue) => ({
            ...queue,
            producers: [],
            producers_total_count: 0,
            consumers_total_count: queue.consumers.length,
          })),
      }),
      "POST /queues": (_, { body }) => this.#createQueue(JSON.parse(body)),
      "POST /queues/([^/]+)/consumers": ([id], { body }) => this.#addConsumer(id, JSON.parse(body)),
      "PUT /queues/([^/]+)/consumers/([^/]+)": () => ({ result: {} }),
      "GET /flagship/apps": () => ({ result: this.apps.map(({ id, name }) => ({ id, name })) }),
      "POST /flagship/apps": (_, { body }) => {
        const { name }: { name: string } = JSON.parse(body);
        const app = { id: randomUUID(), name, flags: [] };
        this.apps.push(app);
        return { result: { id: app.id, name: app.name } };
      },
      "GET /flagship/apps/([^/]+)/flags/([^/]+)": ([id, key]) => {
        const flag = this.apps.find((app) => app.id === id)?.flags.find((each) => each.key === key);
        return flag === undefined
          ? { status: 404, error: { code: 10_404, message: "Flag not found" } }
          : { result: flag };
      },
      "GET /flagship/apps/([^/]+)/flags": ([id]) => ({
        result: this.apps.find((app) => app.id === id)?.flags ?? [],
      }),
      "POST /flagship/apps/([^/]+)/flags": ([id], { body }) => {
        const flag: Flag = JSON.parse(body);
        this.apps.find((app) => app.id === id)?.flags.push(flag);
        return { result: flag };
      },
      "GET /workers/services/([^/]+)": ([name]) => this.#service(name),
      "GET /workers/subdomain": () => ({ result: { subdomain: "example" } }),
      "GET /workflows": () => ({ result: [] }),
      "GET /workers/workers/([^/]+)": ([name]) =>
        this.#of(name, ({ isOnWorkersDev: enabled }) => ({
          subdomain: { enabled, previews_enabled: false },
        })),
      [`POST ${WORKER}/subdomain`]: ([name], { body }) =>
        this.#of(name, (worker) => {
          const { enabled }: { enabled: boolean } = JSON.parse(body);
          worker.isOnWorkersDev = enabled;
          return { enabled, previews_enabled: false };
        }),
      [`GET ${WORKER}/settings`]: ([name]) =>
        this.#of(name, (worker) => ({ bindings: worker.versions.at(-1)?.bindings ?? [] })),
      [`PATCH ${WORKER}/script-settings`]: ([name]) => this.#of(name, () => ({})),
      [`GET ${WORKER}/secrets`]: ([name]) => this.#of(name, secretsOf),
      [`PUT ${WORKER}/secrets`]: ([name], { body }) => this.#putSecret(name, JSON.parse(body)),
      [`PUT ${WORKER}/schedules`]: ([name], { body }) =>
        this.#of(name, (worker) => {
          const schedules: { cron: string }[] = JSON.parse(body);
          worker.crons = schedules.map(({ cron }) => cron);
          return {};
        }),
      [`GET ${WORKER}/deployments`]: ([name]) => this.#of(name, deploymentsOf),
      [`POST ${WORKER}/deployments`]: ([name], { body }) =>
        this.#of(name, (worker) => {
          const { versions }: { versions: { version_id: string }[] } = JSON.parse(body);
          worker.deployed.push(...versions.map(({ version_id: id }) => id));
          return { id: randomUUID() };
        }),
      [`GET ${WORKER}/versions/([^/]+)`]: ([name, id]) => this.#version(name, id),
      [`POST ${WORKER}/versions`]: ([name], _request, form) =>
        this.#of(name, (worker) => uploaded(addVersion(worker, uploadOf(form)))),
      [`PUT ${WORKER}`]: ([name], _request, form) => {
        const worker = this.workers.get(name ?? "") ?? emptyWorker();
        this.workers.set(name ?? "", worker);
        const upload = uploadOf(form);
        worker.migrationTag = upload.migrations?.new_tag ?? worker.migrationTag;
        const version = addVersion(worker, upload);
        worker.deployed.push(version.id);
        return { result: { ...uploaded(version), deployment_id: version.id } };
      },
    };
  }

  #of(name: string | undefined, read: (worker: Worker) => unknown): Answer {
    const worker = this.workers.get(name ?? "");
    return worker === undefined ? NOT_FOUND : { result: read(worker) };
  }

  #service(name: string | undefined): Answer {
    return this.#of(name, ({ migrationTag }) => ({
      id: name,
      default_environment: {
        environment: "production",
        script: {
          id: name,
          tag: "tag",
          tags: [],
          migration_tag: migrationTag,
          last_deployed_from: "wrangler",
        },
      },
    }));
  }

  #version(name: string | undefined, id: string | undefined): Answer {
    const version = this.workers.get(name ?? "")?.versions.find((each) => each.id === id);
    if (version === undefined) return NOT_FOUND;
    const { number, annotations, bindings } = version;
    const metadata = { created_on: "2026-11-01T00:00:00Z", author_email: "", source: "wrangler" };
    const resources = { bindings, script: { handlers: ["fetch"] }, script_runtime: {} };
    return { result: { id, number, annotations, metadata, resources } };
  }

  #putSecret(name: string | undefined, { name: key, text }: { name: string; text: string }): Answer {
    return this.#of(name, (worker) => {
      worker.secrets.set(key, text);
      const bindings = (worker.versions.at(-1)?.bindings ?? []).filter((binding) => binding.name !== key);
      const version = addVersion(worker, { bindings: [...bindings, { name: key, type: "secret_text" }] });
      worker.deployed.push(version.id);
      return { name: key, type: "secret_text" };
    });
  }

  #createNamespace({ title }: { title: string }): Answer {
    if (this.namespaces.some((namespace) => namespace.title === title))
      return { status: 400, error: { code: 10_014, message: "a namespace with this title already exists" } };
    const namespace = { id: randomUUID().replaceAll("-", ""), title };
    this.namespaces.push(namespace);
    return { result: namespace };
  }

  #createDatabase({ name }: { name: string }): Answer {
    if (this.databases.some((database) => database.name === name))
      return { status: 400, error: { code: 7502, message: "A database with that name already exists" } };
    const database = { uuid: randomUUID(), name, sql: new DatabaseSync(":memory:") };
    this.databases.push(database);
    return { result: { uuid: database.uuid, name, created_at: "2026-11-01T00:00:00Z" } };
  }

  #database(idOrName: string | undefined): Answer {
    const found = this.databases.find(({ uuid, name }) => uuid === idOrName || name === idOrName);
    if (found === undefined)
      return { status: 404, error: { code: 7404, message: "The database is not found" } };
    const { uuid, name } = found;
    return { result: { uuid, name, version: "production", num_tables: 0, file_size: 4096 } };
  }

  #query(id: string | undefined, { sql }: { sql: string }): Answer {
    const database = this.databases.find(({ uuid }) => uuid === id);
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

  #createQueue({ queue_name: name }: { queue_name: string }): Answer {
    if (this.queues.some((queue) => queue.queue_name === name))
      return { status: 409, error: { code: 11_009, message: `Queue name '${name}' is already taken` } };
    const queue = { queue_id: randomUUID(), queue_name: name, consumers: [] };
    this.queues.push(queue);
    return { result: queue };
  }

  #addConsumer(
    id: string | undefined,
    { script_name: script, dead_letter_queue: dead }: { script_name: string; dead_letter_queue?: string },
  ): Answer {
    const consumer = { consumer_id: randomUUID(), type: "worker", script, environment: "production" };
    this.queues
      .find((queue) => queue.queue_id === id)
      ?.consumers.push({ ...consumer, ...(dead !== undefined && { dead_letter_queue: dead }) });
    return { result: consumer };
  }
}

/** A hole in this account, and no way of the real one. */
function brokenOff(error: unknown): Answer {
  return { status: 400, error: { code: 10_001, message: `the test account broke down: ${String(error)}` } };
}

function emptyWorker(): Worker {
  return {
    versions: [],
    deployed: [],
    secrets: new Map(),
    migrationTag: undefined,
    crons: [],
    isOnWorkersDev: false,
  };
}

function addVersion(worker: Worker, { bindings, annotations }: Upload): Version {
  const secrets = secretsOf(worker).filter(({ name }) => !bindings.some((binding) => binding.name === name));
  const version = {
    id: randomUUID(),
    number: worker.versions.length + 1,
    annotations: annotations ?? {},
    bindings: [...bindings.map((binding) => inherited(worker, binding)), ...secrets],
  };
  worker.versions.push(version);
  return version;
}

/** wrangler says of a binding that the Worker has already only that it stays. */
function inherited({ versions }: Worker, binding: Binding): Binding {
  if (binding.type !== "inherit") return binding;
  return versions.at(-1)?.bindings.find(({ name }) => name === binding.name) ?? binding;
}

function uploaded({ id, number }: Version) {
  const metadata = { has_preview: false };
  return { id, number, metadata, startup_time_ms: 3, resources: { script: { etag: "etag" } } };
}

function secretsOf({ secrets }: Worker): Binding[] {
  return [...secrets.keys()].map((name) => ({ name, type: "secret_text" }));
}

function deploymentsOf({ deployed }: Worker) {
  const deployments = deployed.map((id, index) => ({
    id: randomUUID(),
    source: "wrangler",
    strategy: "percentage",
    author_email: "",
    annotations: {},
    created_on: new Date(index * 1000).toISOString(),
    versions: [{ version_id: id, percentage: 100 }],
  }));
  return { deployments: deployments.toReversed() };
}

function uploadOf(form: FormData | null): Upload {
  const metadata = form?.get("metadata");
  if (typeof metadata !== "string") throw new Error("an upload has no metadata");
  const upload: Upload = JSON.parse(metadata);
  return upload;
}

function isRead(body: string): boolean {
  const { sql }: { sql: string } = JSON.parse(body);
  return /^\s*(?:SELECT|PRAGMA)\b/i.test(sql);
}

function envelopeOf({ result = null, error }: Answer): object {
  return { success: error === undefined, result, errors: error === undefined ? [] : [error], messages: [] };
}
