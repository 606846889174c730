// Requests to the upstream, and what its answers mean. One function sends, one reads; every answer that a run's fate
// hangs on becomes an outcome here, so that nothing behind this file reads an upstream status again.
import { validateUuid } from "../contract/schemas.ts";
import { problem } from "../platform/errors.ts";
import { decodeUtf8, keepDigits, memberOf, parseJson } from "../platform/json.ts";
import { network, type Sender, send } from "../platform/outbound/guard.ts";
import { OutboundTooLarge, readBody, readMessage } from "../platform/outbound/read-body.ts";
import type { Settings } from "../platform/settings.ts";
import { TimeoutError, type Timer } from "../platform/timeout.ts";
import { decode } from "./coding.ts";
import { callerProblem, ownProblem, type UpstreamProblem } from "./upstream-problem.ts";

export type Upstream = { sender: Sender; baseUrl: string };

export type StartRequest = { path: string; headers: Record<string, string>; body: string };

/** What became of a start. `unknown`: it may or may not have started a run. */
export type StartOutcome =
  | { kind: "accepted"; body: string; runId: string }
  | { kind: "refused"; problem: UpstreamProblem }
  | { kind: "unknown"; problem: UpstreamProblem };

const MAX_START_ANSWER_BYTES = 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;
const RETRY_PAUSE_MS = 50;
/** Not worth a second try below this. */
const MIN_TRY_MS = 100;
const BINDING_URL = "https://upstream";

/** `UPSTREAM_URL` wins over the service binding. Null when there is neither. */
export function buildUpstream(
  settings: Pick<Settings, "upstreamUrl">,
  binding: Sender | undefined,
): Upstream | null {
  if (settings.upstreamUrl !== null) return { sender: network, baseUrl: settings.upstreamUrl };
  return binding === undefined ? null : { sender: binding, baseUrl: BINDING_URL };
}

/**
 * Starts a run within `budgetMs` in all, with one more try after a lost connection, 502, 503 or 504, unless the upstream says
 * when to come again. The second try is safe because both carry the same idempotency id.
 */
export async function startAtUpstream(
  upstream: Upstream,
  request: StartRequest,
  budgetMs: number,
  timer?: Timer,
): Promise<StartOutcome> {
  const deadlineMs = Date.now() + budgetMs;
  const first = await tryStart(upstream, request, budgetMs, timer);
  if (!first.again || deadlineMs - Date.now() < MIN_TRY_MS + RETRY_PAUSE_MS) return first.outcome;
  await scheduler.wait(RETRY_PAUSE_MS);
  const second = await tryStart(upstream, request, deadlineMs - Date.now(), timer);
  // The first try may have started a run, so a refusal of the second is no proof that there is none.
  if (second.outcome.kind !== "refused") return second.outcome;
  return first.mayHaveStarted ? { kind: "unknown", problem: second.outcome.problem } : second.outcome;
}

/** Statuses of whatever stands before an upstream that is away: worth asking again. */
export function isPassing(status: number): boolean {
  return status === 502 || status === 503 || status === 504;
}

/** The platform's cache neither keeps an answer nor gives one: it knows no callers. */
export const UNCACHED = { cache: "no-store" } as const;

type Try = { outcome: StartOutcome; again: boolean; mayHaveStarted: boolean };

async function tryStart(
  upstream: Upstream,
  { path, headers, body }: StartRequest,
  timeoutMs: number,
  timer: Timer | undefined,
): Promise<Try> {
  const startedAtMs = Date.now();
  try {
    const response = await send(
      upstream.sender,
      `${upstream.baseUrl}${path}`,
      { method: "POST", headers, body, ...UNCACHED },
      timeoutMs,
      timer,
    );
    const restMs = Math.max(1, timeoutMs - (Date.now() - startedAtMs));
    // A binding's answer may announce another length than it has.
    const read = upstream.sender === network ? readMessage : readBody;
    const bytes = await readAnswer(response, MAX_START_ANSWER_BYTES, restMs, timer, read);
    const passing = isPassing(response.status);
    return {
      outcome: startOutcome(response.status, response.headers, bytes),
      // An upstream that says when to come again is not asked before that.
      again: passing && !response.headers.has("retry-after"),
      mayHaveStarted: passing,
    };
  } catch (error) {
    const slow = error instanceof TimeoutError;
    return { outcome: { kind: "unknown", problem: unreachable(slow) }, again: !slow, mayHaveStarted: true };
  }
}

/** Reads the answer to a start. Any 2xx that names a run is its acceptance. */
function startOutcome(status: number, headers: Headers, bytes: Uint8Array): StartOutcome {
  const text = toJsonText(bytes);
  if (status >= 200 && status < 300) {
    const runId = parseRunId(text === null ? undefined : parseJson(text));
    return text !== null && runId !== null
      ? { kind: "accepted", body: text, runId }
      : { kind: "unknown", problem: { ...callerProblem(500, headers, null), upstreamStatus: status } };
  }
  const said = text !== null && bytes.byteLength <= MAX_ERROR_BYTES ? parseJson(text, keepDigits) : undefined;
  const refusal = callerProblem(status, headers, said);
  return { kind: status >= 400 && status < 500 ? "refused" : "unknown", problem: refusal };
}

/** What an error says in JSON; undefined when it says nothing that can be read. */
export async function readError(response: Response, timeoutMs: number, timer?: Timer): Promise<unknown> {
  if (response.status < 400) return discard(response);
  const text = toJsonText(await readAnswer(response, MAX_ERROR_BYTES, timeoutMs, timer));
  return text === null ? undefined : parseJson(text, keepDigits);
}

/** RFC 8259, section 8.1: a reader may ignore a byte-order mark; a writer must not send one, so it goes no further. */
function toJsonText(bytes: Uint8Array): string | null {
  return decodeUtf8(bytes)?.replace(/^\uFEFF/, "") ?? null;
}

// Of a body that is too large to be an answer, or that nothing here can decode, only the status counts; so it does of a
// refusal whose body broke off.
async function readAnswer(
  response: Response,
  maxBytes: number,
  timeoutMs: number,
  timer?: Timer,
  read: typeof readMessage = readBody,
): Promise<Uint8Array> {
  const decoded = await decode(response);
  if (decoded === null) {
    discard(response);
    return new Uint8Array();
  }
  try {
    return await read(decoded, maxBytes, timeoutMs, undefined, timer);
  } catch (error) {
    if (error instanceof OutboundTooLarge || response.status >= 400) return new Uint8Array();
    throw error;
  }
}

/** An unread body keeps its connection, and a Worker has six. */
function discard({ body }: Response): void {
  body?.cancel().catch(() => undefined);
}

/** What a caller is answered when the upstream gave no answer (contract, Errors: 503). */
export function unreachable(slow: boolean): UpstreamProblem {
  const detail = slow
    ? "The actions backend took too long to answer."
    : "The actions backend could not be reached.";
  return ownProblem(problem("service_unavaiable", detail, { retryAfterSeconds: 1 }));
}

/**
 * In lower case, as it is looked for. A run whose id is no UUID could not be read through here, and its answer would
 * break the contract.
 */
function parseRunId(parsed: unknown): string | null {
  const id = memberOf(memberOf(parsed, "data"), "id");
  return typeof id === "string" && validateUuid(id) ? id.toLowerCase() : null;
}
