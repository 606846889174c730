// What is asked of the account's Workers, and of what they have written down.
import { randomUUID } from "node:crypto";
import type { Answer, Binding, FakeAccount, Handler, Version, Worker } from "./account.ts";

type Upload = {
  bindings: (Binding & { text?: string })[];
  annotations?: Record<string, string>;
  migrations?: { new_tag: string };
};

const NOT_FOUND: Answer = { status: 404, error: { code: 10_007, message: "This Worker does not exist" } };
// What the platform refuses of an upload, and what its SQL service answers where it is off.
const NO_ANALYTICS: Answer = {
  status: 403,
  error: { code: 10_089, message: "You need to enable Analytics Engine. Head to the Cloudflare Dashboard." },
};
const NO_SQL: Answer = { status: 403, text: "Authorization error" };
const MAX_TEXT_BYTES = 5 * 1024;
const WORKER = "/workers/scripts/([^/]+)";

export function buildWorkerHandlers(account: FakeAccount): Record<string, Handler> {
  const { workers, tails } = account;
  /** For the Worker that the path names first. */
  const at =
    (read: (worker: Worker, ids: string[], body: string, form: FormData | null) => unknown): Handler =>
    ([name = "", ...ids], { body }, form) => {
      const worker = workers.get(name);
      const result = worker && read(worker, ids, body, form);
      return result === undefined ? NOT_FOUND : { result };
    };
  return {
    "GET /workers/services/([^/]+)": at(showService),
    "DELETE /workers/services/([^/]+)": ([name = ""]) => ({ result: workers.delete(name) }),
    "GET /workers/subdomain": () => ({ result: { subdomain: "example" } }),
    "POST /analytics_engine/sql": () =>
      account.hasAnalyticsEngine ? { result: { meta: [], data: [], rows: 0 } } : NO_SQL,
    "POST /graphql": () => ({ result: {} }),
    "GET /workflows": () => ({ result: [] }),
    "GET /workers/workers/([^/]+)": at(({ isOnWorkersDev: enabled }) => ({
      subdomain: { enabled, previews_enabled: false },
    })),
    [`POST ${WORKER}/subdomain`]: at((worker, _ids, body) => {
      const { enabled }: { enabled: boolean } = JSON.parse(body);
      worker.isOnWorkersDev = enabled;
      return { enabled, previews_enabled: false };
    }),
    [`GET ${WORKER}/settings`]: at(({ versions }) => ({ bindings: versions.at(-1)?.bindings ?? [] })),
    [`PATCH ${WORKER}/script-settings`]: at(() => ({})),
    [`GET ${WORKER}/secrets`]: at(listSecrets),
    [`PUT ${WORKER}/secrets`]: at((worker, _ids, body) => putSecret(worker, JSON.parse(body))),
    [`PUT ${WORKER}/schedules`]: at((worker, _ids, body) => {
      const schedules: { cron: string }[] = JSON.parse(body);
      worker.crons = schedules.map(({ cron }) => cron);
      return {};
    }),
    [`GET ${WORKER}/deployments`]: at(buildDeployments),
    [`POST ${WORKER}/deployments`]: at((worker, _ids, body) => {
      const { versions }: { versions: { version_id: string }[] } = JSON.parse(body);
      worker.deployed.push(...versions.map(({ version_id: id }) => id));
      return { id: randomUUID() };
    }),
    [`POST ${WORKER}/tails`]: () => ({ result: tails.open() }),
    [`DELETE ${WORKER}/tails/([^/]+)`]: () => ({ result: {} }),
    "GET /workers/tails/by-consumer/([^/]+)": () => ({ result: [] }),
    [`GET ${WORKER}/references`]: () => ({ result: {} }),
    [`GET ${WORKER}/versions`]: at(({ versions }) => ({ items: versions.map(shownVersion) })),
    [`GET ${WORKER}/versions/([^/]+)`]: at(showVersion),
    [`POST ${WORKER}/versions`]: ([name = ""], _request, form) => {
      const worker = workers.get(name);
      if (worker === undefined) return NOT_FOUND;
      const upload = parseUpload(form);
      return findRefusal(account, upload) ?? { result: uploaded(addVersion(worker, upload)) };
    },
    [`PUT ${WORKER}`]: ([name = ""], _request, form) => {
      const upload = parseUpload(form);
      const refusal = findRefusal(account, upload);
      if (refusal !== null) return refusal;
      const worker = workers.get(name) ?? emptyWorker();
      workers.set(name, worker);
      worker.migrationTag = upload.migrations?.new_tag ?? worker.migrationTag;
      const version = addVersion(worker, upload);
      worker.deployed.push(version.id);
      return { result: { ...uploaded(version), deployment_id: version.id } };
    },
  };
}

function findRefusal({ hasAnalyticsEngine }: FakeAccount, { bindings }: Upload): Answer | null {
  if (!hasAnalyticsEngine && bindings.some(({ type }) => type === "analytics_engine")) return NO_ANALYTICS;
  const large = bindings.find(({ text = "" }) => Buffer.byteLength(text) > MAX_TEXT_BYTES);
  if (large === undefined) return null;
  return { status: 400, error: { code: 10_054, message: `The text of ${large.name} is too large` } };
}

function showService({ migrationTag }: Worker): object {
  const script = {
    id: "id",
    tag: "tag",
    tags: [],
    migration_tag: migrationTag,
    last_deployed_from: "wrangler",
  };
  return { id: "id", default_environment: { environment: "production", script } };
}

/** undefined: there is none. */
function showVersion({ versions }: Worker, [id]: string[]): object | undefined {
  const version = versions.find((each) => each.id === id);
  if (version === undefined) return undefined;
  const resources = { bindings: version.bindings, script: { handlers: ["fetch"] }, script_runtime: {} };
  return { ...shownVersion(version), resources };
}

function shownVersion({ id, number, annotations }: Version): object {
  const metadata = { created_on: "2026-11-01T00:00:00Z", author_email: "", source: "wrangler" };
  return { id, number, annotations, metadata };
}

function putSecret(worker: Worker, { name, text }: { name: string; text: string }): Binding {
  worker.secrets.set(name, text);
  const secret: Binding = { name, type: "secret_text" };
  const bindings = (worker.versions.at(-1)?.bindings ?? []).filter((binding) => binding.name !== name);
  worker.deployed.push(addVersion(worker, { bindings: [...bindings, secret] }).id);
  return secret;
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
  const secrets = listSecrets(worker).filter(
    ({ name }) => !bindings.some((binding) => binding.name === name),
  );
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

function listSecrets({ secrets }: Worker): Binding[] {
  return [...secrets.keys()].map((name) => ({ name, type: "secret_text" }));
}

function buildDeployments({ deployed }: Worker) {
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

function parseUpload(form: FormData | null): Upload {
  const metadata = form?.get("metadata");
  if (typeof metadata !== "string") throw new Error("an upload has no metadata");
  const upload: Upload = JSON.parse(metadata);
  return upload;
}
