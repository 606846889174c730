// What a deployment asks of the account's Workers.
import { randomUUID } from "node:crypto";
import type { Answer, Binding, FakeAccount, Handler, Version, Worker } from "./account.ts";

type Upload = {
  bindings: (Binding & { text?: string })[];
  annotations?: Record<string, string>;
  migrations?: { new_tag: string };
};

const NOT_FOUND: Answer = { status: 404, error: { code: 10_007, message: "This Worker does not exist" } };
const WORKER = "/workers/scripts/([^/]+)";

export function buildWorkerHandlers(account: FakeAccount): Record<string, Handler> {
  return {
    "GET /workers/services/([^/]+)": ([name]) => showService(account, name),
    "GET /workers/subdomain": () => ({ result: { subdomain: "example" } }),
    "GET /workflows": () => ({ result: [] }),
    "GET /workers/workers/([^/]+)": ([name]) =>
      withWorker(account, name, ({ isOnWorkersDev: enabled }) => ({
        subdomain: { enabled, previews_enabled: false },
      })),
    [`POST ${WORKER}/subdomain`]: ([name], { body }) =>
      withWorker(account, name, (worker) => {
        const { enabled }: { enabled: boolean } = JSON.parse(body);
        worker.isOnWorkersDev = enabled;
        return { enabled, previews_enabled: false };
      }),
    [`GET ${WORKER}/settings`]: ([name]) =>
      withWorker(account, name, (worker) => ({ bindings: worker.versions.at(-1)?.bindings ?? [] })),
    [`PATCH ${WORKER}/script-settings`]: ([name]) => withWorker(account, name, () => ({})),
    [`GET ${WORKER}/secrets`]: ([name]) => withWorker(account, name, secretsOf),
    [`PUT ${WORKER}/secrets`]: ([name], { body }) => putSecret(account, name, JSON.parse(body)),
    [`PUT ${WORKER}/schedules`]: ([name], { body }) =>
      withWorker(account, name, (worker) => {
        const schedules: { cron: string }[] = JSON.parse(body);
        worker.crons = schedules.map(({ cron }) => cron);
        return {};
      }),
    [`GET ${WORKER}/deployments`]: ([name]) => withWorker(account, name, deploymentsOf),
    [`POST ${WORKER}/deployments`]: ([name], { body }) =>
      withWorker(account, name, (worker) => {
        const { versions }: { versions: { version_id: string }[] } = JSON.parse(body);
        worker.deployed.push(...versions.map(({ version_id: id }) => id));
        return { id: randomUUID() };
      }),
    [`GET ${WORKER}/versions/([^/]+)`]: ([name, id]) => showVersion(account, name, id),
    [`POST ${WORKER}/versions`]: ([name], _request, form) =>
      withWorker(account, name, (worker) => uploaded(addVersion(worker, parseUpload(form)))),
    [`PUT ${WORKER}`]: ([name], _request, form) => {
      const worker = account.workers.get(name ?? "") ?? emptyWorker();
      account.workers.set(name ?? "", worker);
      const upload = parseUpload(form);
      worker.migrationTag = upload.migrations?.new_tag ?? worker.migrationTag;
      const version = addVersion(worker, upload);
      worker.deployed.push(version.id);
      return { result: { ...uploaded(version), deployment_id: version.id } };
    },
  };
}

function withWorker(
  account: FakeAccount,
  name: string | undefined,
  read: (worker: Worker) => unknown,
): Answer {
  const worker = account.workers.get(name ?? "");
  return worker === undefined ? NOT_FOUND : { result: read(worker) };
}

function showService(account: FakeAccount, name: string | undefined): Answer {
  return withWorker(account, name, ({ migrationTag }) => ({
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

function showVersion(account: FakeAccount, name: string | undefined, id: string | undefined): Answer {
  const version = account.workers.get(name ?? "")?.versions.find((each) => each.id === id);
  if (version === undefined) return NOT_FOUND;
  const { number, annotations, bindings } = version;
  const metadata = { created_on: "2026-11-01T00:00:00Z", author_email: "", source: "wrangler" };
  const resources = { bindings, script: { handlers: ["fetch"] }, script_runtime: {} };
  return { result: { id, number, annotations, metadata, resources } };
}

function putSecret(
  account: FakeAccount,
  name: string | undefined,
  { name: key, text }: { name: string; text: string },
): Answer {
  return withWorker(account, name, (worker) => {
    worker.secrets.set(key, text);
    const bindings = (worker.versions.at(-1)?.bindings ?? []).filter((binding) => binding.name !== key);
    const version = addVersion(worker, { bindings: [...bindings, { name: key, type: "secret_text" }] });
    worker.deployed.push(version.id);
    return { name: key, type: "secret_text" };
  });
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

function parseUpload(form: FormData | null): Upload {
  const metadata = form?.get("metadata");
  if (typeof metadata !== "string") throw new Error("an upload has no metadata");
  const upload: Upload = JSON.parse(metadata);
  return upload;
}
