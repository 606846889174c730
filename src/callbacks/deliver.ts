// One attempt: a POST of the result to its callback_url, and what the receiver's answer means. It trusts the guard to
// follow no redirect and to wait no longer than it is told. The destination is judged again at every attempt, because it
// may have been stored under older rules. Of the answer only the status and two headers count; its body is thrown away
// unseen, so that no caller can read through the gateway what a host answers.

import { checkDestination, type DestinationRules } from "../platform/outbound/destination.ts";
import { OutboundUnreached, type Sender, send } from "../platform/outbound/guard.ts";
import { readBody } from "../platform/outbound/read-body.ts";
import { retryAfterSeconds } from "../platform/retry-after.ts";
import { TimeoutError, type Timer } from "../platform/timeout.ts";
import type { AttemptFailure, AttemptOutcome } from "../runs/attempt.ts";
import { BodyChanged, BodyUnreadable, type CallbackBody, isSmall, toSending } from "./callback-body.ts";
import { postStream, type StreamedAnswer } from "./post-stream.ts";

export type AttemptRequest = {
  callbackUrl: string;
  body: CallbackBody;
  /** The proofs of signature.ts. */
  headers: Record<string, string>;
  rules: DestinationRules;
  /** For the answer's headers and its body together; of a streamed body, for each block of it and then for the answer. */
  timeoutMs: number;
  sender: Sender;
  timer?: Timer;
};

/** `durationMs` ends with the answer's headers. `error` is what the network threw: for the log, never for a caller. */
export type AttemptReport = { outcome: AttemptOutcome; durationMs: number; error: unknown };

const USER_AGENT = "edge-actions-callbacks/1";
const MAX_ANSWER_BYTES = 16 * 1024;
/** What is at stake is one connection. Meanwhile nothing is on record, and the attempt holds its place. */
const ANSWER_BODY_TIMEOUT_MS = 1_000;

/** Makes one attempt. Throws for nothing that a receiver or the network can do. */
export async function attemptDelivery(request: AttemptRequest): Promise<AttemptReport> {
  const destination = checkDestination(request.callbackUrl, request.rules);
  if (destination.kind === "refused")
    return { outcome: unanswered("destination refused"), durationMs: 0, error: null };
  const startedAtMs = Date.now();
  const { answer, error } = await post(destination.url.href, request);
  const durationMs = Math.max(0, Date.now() - startedAtMs);
  if (answer === null) {
    const status = error instanceof OutboundUnreached ? error.status : null;
    return { outcome: unanswered(toFailure(error), status), durationMs, error };
  }
  const { response, isWhole } = answer;
  // The head alone decides: whatever becomes of the answer's body, a 2xx stays one.
  const said = readAnswer(response.status, response.headers, Date.now());
  const outcome = said.kind === "acknowledged" && !isWhole ? tooEarly(said.status) : said;
  // Read, so that its connection can be used again. Too large, too slow or broken off: its status counts all the same.
  const leftMs = Math.min(ANSWER_BODY_TIMEOUT_MS, Math.max(0, request.timeoutMs - durationMs));
  await readBody(response, MAX_ANSWER_BYTES, leftMs, undefined, request.timer).catch(() => undefined);
  return { outcome, durationMs, error: null };
}

/** What the head of a receiver's answer means (contract, Callbacks). */
export function readAnswer(status: number, headers: Headers, nowMs: number): AttemptOutcome {
  if (status >= 200 && status < 300) return { kind: "acknowledged", status };
  if (status === 410 || asksToAbort(headers)) return { kind: "aborted", status };
  const retryAfter = retryAfterSeconds(headers.get("retry-after"), nowMs);
  const failure = status >= 300 && status < 400 ? "redirect not followed" : "status is no 2xx";
  return { kind: "failed", status, failure, retryAfterSeconds: retryAfter };
}

type Answer = { answer: StreamedAnswer; error: null } | { answer: null; error: unknown };

async function post(
  url: string,
  { body, headers: proofs, timeoutMs, sender, timer }: AttemptRequest,
): Promise<Answer> {
  const headers = new Headers(proofs);
  headers.set("content-type", "application/json");
  headers.set("user-agent", USER_AGENT);
  try {
    const answer = isSmall(body)
      ? {
          response: await send(sender, url, { method: "POST", headers, body }, timeoutMs, timer),
          isWhole: true,
        }
      : await postStream(sender, url, headers, toSending(body, Date.now() + timeoutMs), timeoutMs);
    return { answer, error: null };
  } catch (error) {
    // The network throws whatever it likes when there is no answer.
    return { answer: null, error };
  }
}

/** Standard Webhooks' delivery control, as its proposal has it: on a 2xx there is nothing left to abort. */
function asksToAbort(headers: Headers): boolean {
  const asked = headers.get("webhook-delivery")?.toLowerCase().split(",") ?? [];
  return asked.some((word) => word.trim() === "abort-message");
}

function toFailure(error: unknown): AttemptFailure {
  if (error instanceof BodyUnreadable) return "result could not be read";
  if (error instanceof BodyChanged) return "result changed between reads";
  return error instanceof TimeoutError ? "no answer in time" : "no connection";
}

function unanswered(failure: AttemptFailure, status: number | null = null): AttemptOutcome {
  return { kind: "failed", status, failure, retryAfterSeconds: null };
}

function tooEarly(status: number): AttemptOutcome {
  return { kind: "failed", status, failure: "answered before the end", retryAfterSeconds: null };
}
