// One request, repeated until it is answered or the time of its call is over. Of an answer it believes the status; what is
// in a body is checked where it is used.
import { ActionsError, findError, isObject, ownError, type Subject } from "./error.ts";
import { findRetryReason, parseRetryAfter, planDelay, type RetryReason } from "./retry.ts";

export type Settings = {
  /** The gateway's origin. */
  baseUrl: string;
  /** Gives the token of each request; `refresh`: it was just refused. What this throws is thrown to the caller. */
  token: (refresh: boolean) => string | Promise<string>;
  /** How long an answer may take, beside the seconds that a read is held; 30,000 if not given. */
  requestTimeoutMs?: number;
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
};
export type Retrying = { kind: "retrying"; reason: RetryReason; delayMs: number; error: ActionsError };
/** What all requests of a call share; `endsAtMs` as `performance.now()` has it. */
export type Span<Event> = {
  endsAtMs: number;
  signal: AbortSignal | undefined;
  onProgress: (event: Event) => void;
  about: Subject;
};
/** A POST where there is a body. */
export type Request = { path: string; body?: string; heldSeconds?: number };
export type Answer = { body: Record<string, unknown>; headers: Headers };
type Failed = { error: ActionsError; retryAfterMs: number | null };

export async function request(asked: Request, settings: Settings, span: Span<Retrying>): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    let answer = await send(asked, false, settings, span);
    if ("error" in answer && answer.error.status === 401) answer = await send(asked, true, settings, span);
    if (!("error" in answer)) return answer;
    const { error, retryAfterMs } = answer;
    const reason = findRetryReason(error);
    const delayMs = planDelay(attempt, retryAfterMs, Math.random());
    if (reason === null || delayMs >= findTimeLeft(span)) throw error;
    span.onProgress({ kind: "retrying", reason, delayMs, error });
    await sleep(delayMs, span.signal);
  }
}

export function findTimeLeft({ endsAtMs }: { endsAtMs: number }): number {
  return Math.max(0, endsAtMs - performance.now());
}

async function send(
  { path, body, heldSeconds = 0 }: Request,
  refresh: boolean,
  settings: Settings,
  span: Span<Retrying>,
): Promise<Answer | Failed> {
  span.signal?.throwIfAborted();
  const { requestTimeoutMs = 30_000, fetch: fetchAnswer = fetch } = settings;
  const timeoutMs = Math.min(requestTimeoutMs + heldSeconds * 1000, findTimeLeft(span));
  const timeout = AbortSignal.timeout(Math.ceil(timeoutMs));
  const signal = span.signal === undefined ? timeout : AbortSignal.any([timeout, span.signal]);
  const token = await orAborted(Promise.resolve(settings.token(refresh)), signal);
  const headers = new Headers({ Authorization: `Bearer ${token}`, "Content-Type": "application/json" });
  const method = body === undefined ? "GET" : "POST";
  const init: RequestInit = { method, headers, body: body ?? null, signal, redirect: "manual" };
  const url = new URL(path, settings.baseUrl).href;
  try {
    const response = await fetchAnswer(url, init);
    return readAnswer(response, await response.text(), span.about);
  } catch (cause) {
    span.signal?.throwIfAborted();
    const code = findTimeLeft(span) === 0 ? "deadline_exceeded" : "no_answer";
    return { error: ownError(code, span.about, cause), retryAfterMs: null };
  }
}

function readAnswer({ ok, status, headers }: Response, text: string, about: Subject): Answer | Failed {
  const body = parseJson(text);
  if (ok && isObject(body)) return { body, headers };
  const error = new ActionsError(status, findError(body), headers.get("X-Request-Id"), about);
  return { error, retryAfterMs: parseRetryAfter(headers.get("Retry-After"), Date.now()) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  return orAborted(promise, signal).finally(() => clearTimeout(timer));
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal?.reason);
    if (signal?.aborted === true) stop();
    signal?.addEventListener("abort", stop, { once: true });
    void promise.then(resolve, reject).finally(() => signal?.removeEventListener("abort", stop));
  });
}
