// Reading a run: the upstream's status and body, byte for byte. `wait_seconds` holds the request and looks again for
// the caller, so that one request does the work of a dozen polls. Only while it holds is a body looked into, and then
// no further than a waiting run's can be long; the rest of a result is streamed, whatever its size.
import { send } from "../platform/outbound/guard.ts";
import { OutboundTooLarge, readBody } from "../platform/outbound/read-body.ts";
import { TimeoutError, type Timer } from "../platform/timeout.ts";
import { isPassing, readError, UNCACHED, type Upstream, unreachable } from "./client.ts";
import { decode } from "./coding.ts";
import { RunScan } from "./run-scan.ts";
import { callerProblem, type UpstreamProblem } from "./upstream-problem.ts";

export type ReadRequest = { path: string; headers: Record<string, string> };

export type ReadAnswer =
  | {
      kind: "run";
      status: 200 | 202;
      headers: Headers;
      body: ReadableStream<Uint8Array> | null;
      waiting: boolean;
    }
  /** `passing`: the upstream did not answer, so it says nothing of the run. */
  | { kind: "problem"; problem: UpstreamProblem; passing: boolean };

const FIRST_PAUSE_MS = 100;
const PAUSE_GROWTH = 1.5;
const MAX_PAUSE_MS = 1_500;
/** The last read of a hold begins so long before its end, to be answered within it. */
const LAST_READ_MS = 500;
/** A run that still waits is a few hundred bytes long; a longer body is a result. */
const WAITING_BODY_BYTES = 16 * 1024;

/**
 * Reads once, or until the run has ended or `waitMs` are over. Each read has `budgetMs`; once the run is known to wait, none
 * outlasts the hold.
 */
export async function readRun(
  upstream: Upstream,
  request: ReadRequest,
  waitMs: number,
  budgetMs: number,
  timer?: Timer,
): Promise<ReadAnswer> {
  const deadlineMs = Date.now() + waitMs;
  const leftMs = () => deadlineMs - Date.now();
  const readAgain = (timeoutMs: number) => readOnce(upstream, request, timeoutMs, waitMs > 0, timer);
  let pauseMs = FIRST_PAUSE_MS;
  let last = await readAgain(budgetMs);
  if (last.kind === "problem" && last.passing) last = await readAgain(budgetMs);
  while (last.kind === "run" && last.waiting && leftMs() > 0) {
    const untilLastReadMs = leftMs() - LAST_READ_MS;
    await scheduler.wait(Math.min(pauseMs, untilLastReadMs > 0 ? untilLastReadMs : leftMs()));
    if (leftMs() <= 0) break;
    pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * PAUSE_GROWTH);
    const next = await readAgain(Math.min(budgetMs, leftMs()));
    // A read without an answer says nothing of the run: what was read before still holds.
    if (next.kind === "problem" && next.passing) continue;
    await last.body?.cancel();
    last = next;
  }
  return last;
}

async function readOnce(
  upstream: Upstream,
  request: ReadRequest,
  budgetMs: number,
  isHeld: boolean,
  timer: Timer | undefined,
): Promise<ReadAnswer> {
  const endMs = Date.now() + budgetMs;
  try {
    const init = { headers: request.headers, ...UNCACHED };
    const response = await send(upstream.sender, `${upstream.baseUrl}${request.path}`, init, budgetMs, timer);
    const restMs = Math.max(1, endMs - Date.now());
    const { status } = response;
    if (status === 200 || status === 202) {
      const decoded = await decode(response);
      if (decoded !== null) return await runAnswer(decoded, status, restMs, isHeld, timer);
    }
    return await problemAnswer(response, restMs, timer);
  } catch (error) {
    return { kind: "problem", problem: unreachable(error instanceof TimeoutError), passing: true };
  }
}

async function runAnswer(
  response: Response,
  status: 200 | 202,
  budgetMs: number,
  isHeld: boolean,
  timer: Timer | undefined,
): Promise<ReadAnswer> {
  const { headers, body } = response;
  if (status === 202 || !isHeld || body === null)
    return { kind: "run", status, headers, body, waiting: status === 202 };
  const [peeked, whole] = body.tee();
  const waiting = await saysWaiting(new Response(peeked), budgetMs, timer);
  return { kind: "run", status, headers, body: whole, waiting };
}

/** Some upstreams answer 200 while a run waits; then its `status` says so, at the top or under `data`. */
async function saysWaiting(response: Response, budgetMs: number, timer: Timer | undefined): Promise<boolean> {
  try {
    const scan = new RunScan();
    scan.read(await readBody(response, WAITING_BODY_BYTES, budgetMs, undefined, timer));
    return scan.status() === "waiting";
  } catch (error) {
    if (error instanceof OutboundTooLarge) return false;
    throw error;
  }
}

async function problemAnswer(
  response: Response,
  budgetMs: number,
  timer: Timer | undefined,
): Promise<ReadAnswer> {
  const { status, headers } = response;
  const parsed = await readError(response, budgetMs, timer);
  return {
    kind: "problem",
    problem: callerProblem(status, headers, parsed),
    passing: isPassing(status),
  };
}
