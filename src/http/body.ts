// A request's body as text, or the reason why not. The bound holds while the bytes come in, so a body without a
// Content-Length, or with a false one, is cut at the same size.
import { type Problem, problem } from "../platform/errors.ts";
import { decodeUtf8 } from "../platform/json.ts";
import type { Reservation } from "../platform/memory-budget.ts";
import { OutboundOverBudget, OutboundTooLarge, readMessage } from "../platform/outbound/read-body.ts";
import { TimeoutError, type Timer } from "../platform/timeout.ts";
import type { ReceivedBody } from "../start/run-request.ts";

/** A caller that drips its body is cut off: it has a place that others may need. */
export const BODY_PACE = { timeoutMs: 30_000, graceMs: 5_000, minBytesPerSecond: 500 };

/** Null: there is no room for it at the moment. */
export async function receiveJson(
  request: Request,
  maxBytes: number,
  reservation: Reservation,
  timer: Timer,
): Promise<ReceivedBody | null> {
  const unfit = headerFault(request.headers);
  if (unfit !== null) return { kind: "unreadable", problem: unfit };
  if (Number(request.headers.get("content-length")) > maxBytes) return { kind: "too_large", maxBytes };
  try {
    const body = await readMessage(request, maxBytes, BODY_PACE, reservation, timer);
    const text = decodeUtf8(body);
    return text === null
      ? { kind: "unreadable", problem: bodyFault("The body is not UTF-8.") }
      : { kind: "text", text };
  } catch (error) {
    if (error instanceof OutboundOverBudget) return null;
    if (error instanceof OutboundTooLarge) return { kind: "too_large", maxBytes };
    return { kind: "unreadable", problem: brokenBody(error) };
  }
}

function headerFault(headers: Headers): Problem | null {
  const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type !== "application/json" && !/^application\/[a-z0-9.-]+\+json$/.test(type)) {
    return problem("bad_request", "Content-Type must be application/json.", {
      source: { header: "Content-Type" },
    });
  }
  return encodingFault(headers);
}

/** The upstream is not told how a body is encoded, so it must not be. */
export function encodingFault(headers: Headers): Problem | null {
  // The runtime takes off chunks, and no coding under them.
  for (const [header, plain] of [
    ["Content-Encoding", "identity"],
    ["Transfer-Encoding", "chunked"],
  ] as const) {
    const coding = headers.get(header)?.trim().toLowerCase() ?? plain;
    if (coding !== plain)
      return problem("bad_request", "The body must not be compressed.", { source: { header } });
  }
  return null;
}

/** Of a body that broke off: `cause` says whether its caller was cut off for being slow. */
export function brokenBody(cause: unknown): Problem {
  const isSlow = cause instanceof TimeoutError;
  return bodyFault(isSlow ? "The body arrived too slowly." : "The body did not arrive whole.");
}

function bodyFault(detail: string): Problem {
  return problem("bad_request", detail, { source: { pointer: "" } });
}
