// A Cloudflare account as wrangler sees it through the API, kept in memory: what is asked of it changes it as the real
// one would be changed, and is recorded. Its databases are real ones. It knows no other account and no other token.
// What it answers: account-stores.ts, account-workers.ts.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { DatabaseSync } from "node:sqlite";
import { buffer } from "node:stream/consumers";
import { buildStoreHandlers, isRead } from "./account-stores.ts";
import { buildWorkerHandlers } from "./account-workers.ts";
import { LocalServer } from "./local-server.ts";
import { Tails } from "./tails.ts";

export const ACCOUNT_ID = "0123456789abcdef0123456789abcdef";
export const API_TOKEN = "token-of-the-test-account";

export type Recorded = { method: string; path: string; body: string };

export type Binding = { name: string; type: string; [member: string]: unknown };

export type Version = {
  id: string;
  number: number;
  annotations: Record<string, string>;
  bindings: Binding[];
};
export type Worker = {
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

export type Answer = {
  status?: number;
  result?: unknown;
  error?: { code: number; message: string };
  /** The whole answer, where it is no JSON. */
  text?: string;
};
export type Handler = (match: string[], request: Recorded, form: FormData | null) => Answer;

export class FakeAccount extends LocalServer {
  readonly requests: Recorded[] = [];
  readonly namespaces: { id: string; title: string }[] = [];
  readonly databases: { uuid: string; name: string; sql: DatabaseSync }[] = [];
  readonly queues: Queue[] = [];
  readonly apps: App[] = [];
  readonly workers = new Map<string, Worker>();
  readonly tails = new Tails(this.server);
  /** It is switched on by hand, once in the life of an account. */
  hasAnalyticsEngine = true;
  #failing: { method: string; path: RegExp } | null = null;

  constructor() {
    super((request, response) => this.#serve(request, response));
  }

  /** What wrangler must be told to talk to this account. */
  get environment(): Record<string, string> {
    return {
      CLOUDFLARE_API_BASE_URL: this.url,
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
      .filter(({ path }) => path !== "/analytics_engine/sql")
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

  override close(): void {
    super.close();
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
    response.end(answer.text ?? JSON.stringify(toEnvelope(answer)));
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
    for (const [name, handle] of Object.entries({
      ...buildStoreHandlers(this, query),
      ...buildWorkerHandlers(this),
    })) {
      const [wanted, pattern] = name.split(" ");
      const match = wanted === method ? new RegExp(`^${pattern}$`).exec(path) : null;
      if (match !== null) return handle(match.slice(1), recorded, form);
    }
    return { status: 404, error: { code: 7003, message: `the test account knows no ${method} ${path}` } };
  }
}

/** A hole in this account, and no way of the real one. */
function brokenOff(error: unknown): Answer {
  return { status: 400, error: { code: 10_001, message: `the test account broke down: ${String(error)}` } };
}

function toEnvelope({ result = null, error }: Answer): object {
  return { success: error === undefined, result, errors: error === undefined ? [] : [error], messages: [] };
}
