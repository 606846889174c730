// Stands for wrangler and for the account behind it: commands change what is in it as the real ones would, and are
// recorded; what they answer has the form that scripts/deploy/ reads. That the real wrangler understands the same
// commands, and answers in that form, is what deploy.test.ts shows.
import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SendRequest } from "../../scripts/deploy/analytics-engine.ts";
import type { Config } from "../../scripts/deploy/target.ts";
import { type RunCommand, WranglerFailed } from "../../scripts/deploy/wrangler.ts";

type Binding = { name: string; type: string; [member: string]: unknown };
type Version = { id: string; tag: string | null; bindings: Binding[] };
type Worker = {
  versions: Version[];
  secrets: Map<string, string>;
  /** Percentages by version; null: the latest one has all traffic. */
  split: Record<string, number> | null;
};
type App = { id: string; name: string; flags: { key: string; variation: string }[] };
type Call = { command: readonly string[]; words: string[]; config: Config; input: string };

/** Of the account of the test. */
export const TOKEN = "token-of-the-fake-wrangler";
const SQL_URL = "https://api.cloudflare.com/client/v4/accounts/account-of-the-test/analytics_engine/sql";

/** Commands that change nothing. */
const READS =
  /^(?:auth token|whoami|deployments status|versions view|secret list|\S+ (?:\S+ )?list|queues info|d1 execute|deploy --dry-run)\b/;

export class FakeWrangler {
  readonly namespaces: { id: string; title: string }[] = [];
  readonly databases: { uuid: string; name: string; applied: string[] }[] = [];
  readonly queues: string[] = [];
  readonly apps: App[] = [];
  readonly workers = new Map<string, Worker>();
  readonly commands: string[] = [];
  /** Commands that are refused. */
  failing: RegExp | null = null;
  isLoggedIn = true;
  /** What its service answers to SQL; until it is switched on, no version may be bound to it. */
  analytics: [status: number, body: string] = [200, '{"meta":[],"data":[],"rows":0}'];
  accounts = [{ id: "account-of-the-test" }];
  /** What the code is built into. */
  bundle = "the bundle";
  /** The code of its error, where a Worker is not there. */
  missingWorkerCode = 10_007;
  /** Whether it says which id a new thing has got. */
  printsIds = true;

  readonly wranglerWith =
    (configFile: string): RunCommand =>
    async (command, input = "") => {
      const text = command.join(" ");
      this.commands.push(text);
      if (this.failing?.test(text)) throw new WranglerFailed(command, "the test account refuses");
      const config: Config = JSON.parse(readFileSync(configFile, "utf8"));
      for (const [pattern, answer] of this.#answers) {
        const match = new RegExp(`^${pattern}$`).exec(text);
        if (match !== null) return answer({ command, words: match.slice(1), config, input });
      }
      throw new Error(`the test account knows no command ${text}`);
    };

  /** Commands that have changed something, or have tried to. */
  changes(since = 0): string[] {
    return this.commands.slice(since).filter((command) => !READS.test(command));
  }

  /** As the account's own API does. */
  readonly fetch: SendRequest = async (url, { headers }) => {
    if (url !== SQL_URL || new Headers(headers).get("authorization") !== `Bearer ${TOKEN}`)
      throw new TypeError(`no connection to ${url}`);
    return new Response(this.analytics[1], { status: this.analytics[0] });
  };

  secretOf(worker: string, name: string): string | undefined {
    return this.workers.get(worker)?.secrets.get(name);
  }

  bindingsOf(worker: string): Binding[] {
    return this.workers.get(worker)?.versions.at(-1)?.bindings ?? [];
  }

  readonly #answers: [pattern: string, answer: (call: Call) => string][] = [
    ["auth token --json", () => JSON.stringify({ type: "api_token", token: TOKEN })],
    ["whoami --json", () => JSON.stringify({ loggedIn: true, accounts: this.accounts })],
    ["deployments status --json", (call) => this.#deployed(call)],
    ["versions view (\\S+) --json", (call) => this.#version(call)],
    ["secret list", ({ config }) => toNames(this.workers.get(config.name ?? "")?.secrets.keys())],
    ["secret put (\\S+)", (call) => this.#putSecret(call)],
    ["kv namespace list", () => JSON.stringify(this.namespaces)],
    [
      "kv namespace create (\\S+)",
      ({ words: [title = ""] }) => {
        const { id } = add(this.namespaces, { id: randomUUID(), title });
        return this.#printed("kv_namespaces", { binding: title, id });
      },
    ],
    ["d1 list --json", () => JSON.stringify(this.databases)],
    [
      "d1 create (\\S+)",
      ({ words: [name = ""] }) => {
        const { uuid } = add(this.databases, { uuid: randomUUID(), name, applied: [] });
        return this.#printed("d1_databases", { binding: name, database_name: name, database_id: uuid });
      },
    ],
    [
      "d1 execute OPERATORS_DB --remote --json --command SELECT name FROM d1_migrations",
      (call) => this.#applied(call),
    ],
    ["d1 migrations apply OPERATORS_DB --remote", (call) => this.#migrate(call)],
    ["queues info (\\S+)", (call) => this.#queue(call)],
    ["queues create (\\S+)", ({ words: [name = ""] }) => add(this.queues, name)],
    ["flagship apps list --json", () => JSON.stringify(this.apps)],
    [
      "flagship apps create (\\S+)",
      ({ words: [name = ""] }) => {
        const { id } = add(this.apps, { id: randomUUID(), name, flags: [] });
        return this.#printed("flagship", { binding: name, app_id: id });
      },
    ],
    [
      "flagship flags list (\\S+) --all --remote --json",
      ({ words: [id] }) => JSON.stringify({ items: this.#app(id).flags }),
    ],
    [
      "flagship flags create (\\S+) (\\S+) --default (\\S+) --remote",
      ({ words: [id, key = "", variation = ""] }) => add(this.#app(id).flags, { key, variation }).key,
    ],
    ["deploy --dry-run --outdir (.+)", ({ words: [folder = ""] }) => this.#build(folder)],
    ["deploy --tag (\\S+)", (call) => this.#deploy(call)],
    ["triggers deploy", () => ""],
  ];

  /** The lines for a configuration, as wrangler writes JSON: with a blank before each value. */
  #printed(section: string, lines: Record<string, string>): string {
    return this.printsIds ? `✨ Success!\n${JSON.stringify({ [section]: [lines] }, null, 2)}` : "✨ Success!";
  }

  #build(folder: string): string {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "index.js"), this.bundle);
    return "";
  }

  #app(id: string | undefined): App {
    return found(this.apps.find((app) => app.id === id));
  }

  #operatorsDb({ d1_databases: [database] }: Config) {
    return found(this.databases.find(({ uuid }) => uuid === database?.database_id));
  }

  #deployed({ command, config }: Call): string {
    if (!this.isLoggedIn)
      throw new WranglerFailed(command, "it is necessary to set a CLOUDFLARE_API_TOKEN environment variable");
    const worker = this.workers.get(config.name ?? "");
    const latest = worker?.versions.at(-1);
    if (latest === undefined)
      throw new WranglerFailed(command, `This Worker does not exist. [code: ${this.missingWorkerCode}]`);
    const split = Object.entries(worker?.split ?? { [latest.id]: 100 });
    const versions = split.map(([version_id, percentage]) => ({ version_id, percentage }));
    return JSON.stringify({ versions });
  }

  #version({ words: [id], config }: Call): string {
    const versions = this.workers.get(config.name ?? "")?.versions ?? [];
    const { tag, bindings } = found(versions.find((version) => version.id === id));
    const annotations = tag === null ? {} : { "workers/tag": tag };
    return JSON.stringify({ annotations, resources: { bindings } });
  }

  #queue({ command, words: [name = ""] }: Call): string {
    if (!this.queues.includes(name)) throw new WranglerFailed(command, `Queue "${name}" does not exist.`);
    return `Queue Name: ${name}`;
  }

  #applied({ command, config }: Call): string {
    const { applied } = this.#operatorsDb(config);
    if (applied.length === 0) throw new WranglerFailed(command, "no such table: d1_migrations: SQLITE_ERROR");
    return `[{"results":${toNames(applied)}}]`;
  }

  #migrate({ config }: Call): string {
    const { applied } = this.#operatorsDb(config);
    const files = readdirSync(config.d1_databases[0]?.migrations_dir ?? "").toSorted();
    applied.push(...files.slice(applied.length));
    return "";
  }

  /** The first one makes an empty Worker; each makes a version without a tag. */
  #putSecret({ words: [name = ""], config, input }: Call): string {
    this.#worker(config).secrets.set(name, input);
    return this.#addVersion(config, null, this.bindingsOf(config.name ?? ""));
  }

  #deploy({ command, words: [tag = ""], config }: Call): string {
    const { producers = [] } = config.queues;
    if (this.analytics[0] !== 200)
      throw new WranglerFailed(command, "You need to enable Analytics Engine. [code: 10089]");
    const texts = Object.entries(config.vars).map(([name, text]) => ({ name, type: "plain_text", text }));
    return this.#addVersion(config, tag, [
      ...texts,
      ...config.kv_namespaces.map(({ binding: name, id }) => ({
        name,
        type: "kv_namespace",
        namespace_id: id,
      })),
      ...config.d1_databases.map(({ binding: name, database_id: id }) => ({ name, type: "d1", id })),
      ...producers.map(({ binding: name, queue }) => ({ name, type: "queue", queue_name: queue })),
      ...config.flagship.map(({ binding: name, app_id }) => ({ name, type: "flagship", app_id })),
      ...config.analytics_engine_datasets.map(({ binding: name, dataset }) => ({
        name,
        type: "analytics_engine",
        dataset,
      })),
    ]);
  }

  #worker({ name = "" }: Config): Worker {
    const worker: Worker = this.workers.get(name) ?? { versions: [], secrets: new Map(), split: null };
    this.workers.set(name, worker);
    return worker;
  }

  #addVersion(config: Config, tag: string | null, bindings: Binding[]): string {
    const worker = this.#worker(config);
    const secrets = [...worker.secrets.keys()].map((name) => ({ name, type: "secret_text" }));
    const others = bindings.filter(({ type }) => type !== "secret_text");
    worker.versions.push({ id: randomUUID(), tag, bindings: [...others, ...secrets] });
    worker.split = null;
    return "";
  }
}

function toNames(names: Iterable<string> = []): string {
  return JSON.stringify(Array.from(names, (name) => ({ name })));
}

function add<T>(list: T[], item: T): T {
  list.push(item);
  return item;
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the test account does not have it");
  return value;
}
