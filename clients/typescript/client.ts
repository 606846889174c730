// Starts runs and waits for their ends (docs/calling.md). Every start has an idempotency id, so that one which is repeated
// after a time-out, a 429 or a 5xx starts no second run.
import type { components, paths } from "./api.generated.ts";
import { type ApiError, isObject, ownError, type Subject } from "./error.ts";
import { findTimeLeft, type Retrying, request, type Settings, type Span } from "./http.ts";

export type { components, operations, paths } from "./api.generated.ts";
export { ActionsError, type ApiError } from "./error.ts";
export type { Retrying, Settings } from "./http.ts";

type Schemas = components["schemas"];
type RunRequest = Schemas["StoredActionsRunRequestInput"];

/** The id of a stored action, or the configuration of a one-off run. */
export type Action = string | Omit<Schemas["OneOffRunRequestInput"], keyof RunRequest>;
/** `storedActionId` is null for a one-off run. */
export type RunReference = { runId: string; storedActionId: string | null };
/** `isReplay`: an earlier start with this id has started it. */
export type StartedRun = RunReference & { idempotencyId: string; isReplay: boolean };

export type Waiting = { status: "waiting"; runId: string };
export type Success = { status: "success"; runId: string; results: unknown[]; nextPage: string | null };
export type Failure = { status: "error"; runId: string; results: unknown[]; errors: ApiError[] };
export type Result = Success | Failure;
export type Progress = ({ kind: "started" } & StartedRun) | { kind: "waiting"; runId: string } | Retrying;

export type CallOptions = {
  /** For the whole call, with every repetition; five minutes if not given. */
  timeoutMs?: number;
  signal?: AbortSignal;
  onProgress?: (event: Progress) => void;
};
/** Keep the `idempotencyId` with your job, from before the first attempt, if a run must not happen twice. */
export type StartOptions = CallOptions & { idempotencyId?: string; callbackUrl?: string; page?: string };

const TIMEOUT_MS = 300_000;
const LONGEST_HELD_SECONDS = 30;
const STORED = "/actions/v1/stored-actions/{stored_action_id}" as const;
const START_STORED: keyof paths = `${STORED}/run`;
const READ_STORED: keyof paths = `${STORED}/runs/{run_id}`;
const START_ONE_OFF: keyof paths = "/actions/v1/runs";
const READ_ONE_OFF: keyof paths = "/actions/v1/runs/{run_id}";

export class ActionsClient {
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** A run that ended in error is a result too; a start or a read that failed throws. */
  async run(action: Action, inputs: RunRequest["inputs"], options: StartOptions = {}): Promise<Result> {
    const { endsAtMs } = toSpan(options);
    const started = await this.start(action, inputs, options);
    return this.waitFor(started, { ...options, timeoutMs: findTimeLeft({ endsAtMs }) });
  }

  async start(action: Action, inputs: RunRequest["inputs"], options: StartOptions = {}): Promise<StartedRun> {
    const { idempotencyId = crypto.randomUUID(), callbackUrl: callback_url, page } = options;
    const span = toSpan(options, { idempotencyId, runId: null });
    const [storedActionId, configuration] = typeof action === "string" ? [action, {}] : [null, action];
    const data = { ...configuration, inputs, page, callback_url, idempotency_id: idempotencyId };
    const path = fill(storedActionId === null ? START_ONE_OFF : START_STORED, { storedActionId, runId: "" });
    const { body, headers } = await request({ path, body: JSON.stringify({ data }) }, this.#settings, span);
    const runId = isObject(body["data"]) ? body["data"]["id"] : null;
    if (typeof runId !== "string") throw ownError("bad_answer", span.about);
    const isReplay = headers.get("Idempotency-Replayed") === "true";
    const started: StartedRun = { runId, storedActionId, idempotencyId, isReplay };
    span.onProgress({ kind: "started", ...started });
    return started;
  }

  read(run: RunReference, options: CallOptions = {}): Promise<Waiting | Result> {
    return this.#read(run, 0, toSpan(options, run));
  }

  async waitFor(run: RunReference, options: CallOptions = {}): Promise<Result> {
    const span = toSpan(options, run);
    for (;;) {
      span.onProgress({ kind: "waiting", runId: run.runId });
      const heldSeconds = Math.min(LONGEST_HELD_SECONDS, Math.floor(findTimeLeft(span) / 1000));
      const read = await this.#read(run, heldSeconds, span);
      if (read.status !== "waiting") return read;
      if (findTimeLeft(span) < 1000) throw ownError("deadline_exceeded", span.about);
    }
  }

  async #read(run: RunReference, heldSeconds: number, span: Span<Progress>): Promise<Waiting | Result> {
    const { runId, storedActionId } = run;
    const path = fill(storedActionId === null ? READ_ONE_OFF : READ_STORED, run);
    const asked = { path: `${path}?wait_seconds=${heldSeconds}`, heldSeconds };
    const { body } = await request(asked, this.#settings, span);
    const found = storedActionId === null ? body["data"] : body;
    if (!isRun(found)) throw ownError("bad_answer", span.about);
    const { status, results = [], errors = [], next_page: nextPage = null } = found;
    if (status === "waiting") return { status, runId };
    return status === "success" ? { status, runId, results, nextPage } : { status, runId, results, errors };
  }
}

function toSpan(options: CallOptions, about: Subject = {}): Span<Progress> {
  const { timeoutMs = TIMEOUT_MS, signal, onProgress = () => undefined } = options;
  return { endsAtMs: performance.now() + timeoutMs, signal, onProgress, about };
}

function fill(template: keyof paths, { storedActionId, runId }: RunReference): string {
  const withAction = template.replace("{stored_action_id}", encodeURIComponent(storedActionId ?? ""));
  return withAction.replace("{run_id}", encodeURIComponent(runId));
}

function isRun(value: unknown): value is Schemas["RunResult"] {
  return isObject(value) && ["waiting", "success", "error"].includes(String(value["status"]));
}
