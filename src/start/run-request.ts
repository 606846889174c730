// A start as the caller wrote it, checked. The text is kept and forwarded: what is parsed here only decides.
// A malformed request still counts, and still gets a known answer, so its fault is a value beside its id.

import { validateRunRequest, validateUuid } from "../contract/schemas.ts";
import { type Problem, problem } from "../platform/errors.ts";
import { memberOf, parseJson } from "../platform/json.ts";
import { checkDestination, type DestinationRules } from "../platform/outbound/destination.ts";
import { type RunTarget, targetFault } from "../runs/run-target.ts";
import { type Envelope, type EnvelopeFault, locateEnvelope } from "../upstream/rewrite.ts";

export type RunRequest = {
  text: string;
  envelope: Envelope;
  /** Lower case. */
  idempotencyId: string | null;
  callbackUrl: string | null;
};

export type ParsedRequest =
  | { kind: "good"; request: RunRequest }
  | { kind: "malformed"; problem: Problem; idempotencyId: string | null; text: string };

type Unread = { kind: "too_large"; maxBytes: number } | { kind: "unreadable"; problem: Problem };

/** A request's body as it was received; see http/body.ts. */
export type ReceivedBody = { kind: "text"; text: string } | Unread;

/** The same, its envelope located, in linear time and without a parse. */
export type ScannedBody = { kind: "text"; text: string; envelope: Envelope | EnvelopeFault } | Unread;

export function scanBody(body: ReceivedBody): ScannedBody {
  return body.kind === "text" ? { ...body, envelope: locateEnvelope(body.text) } : body;
}

/** The idempotency id in a text that may be no JSON. */
export function scannedId(text: string, envelope: Envelope | EnvelopeFault): string | null {
  const span = "members" in envelope ? envelope.members?.idempotencyId : null;
  return span ? parseUuid(parseJson(text.slice(span.start, span.end))) : null;
}

const NOT_JSON = badRequest("The body is not valid JSON.", "");

/** Contract, Starting a run. Faults are answered 400 or 413, and name the member. */
export function parseRunRequest(
  target: RunTarget,
  body: ScannedBody,
  rules: () => DestinationRules,
): ParsedRequest {
  if (body.kind === "too_large") {
    const detail = `The body is larger than ${body.maxBytes} bytes.`;
    return malformed(problem("payload_too_large", detail, { source: { pointer: "" } }), null, "");
  }
  if (body.kind === "unreadable") return malformed(body.problem, null, "");
  const { text, envelope } = body;
  if (envelope.kind === "too_deep")
    return malformed(badRequest("The body is nested too deeply.", ""), null, text);
  if (envelope.kind === "too_many_values")
    return malformed(badRequest("The body has too many values.", ""), null, text);
  // Not worth a parse, which takes a second for 6 MB of brackets, and comes before the caller's window is asked.
  if (envelope.kind === "no_object") return malformed(noObject(target, envelope.beginsAsJson), null, text);
  const parsed = parseJson(text);
  if (parsed === undefined) return malformed(NOT_JSON, null, text);
  // A member that stands twice has no one value, so neither has the id.
  if (envelope.kind === "duplicate") return malformed(twice(envelope.pointer), null, text);
  const idempotencyId = parseUuid(memberOf(memberOf(parsed, "data"), "idempotency_id"));
  const fault =
    targetFault(target) ?? spellingFault(envelope) ?? shapeFault(parsed) ?? callbackFault(parsed, rules);
  if (fault !== null) return malformed(fault, idempotencyId, text);
  if (envelope.kind !== "envelope") throw new Error("a body that fits the schema has no envelope");
  return { kind: "good", request: { text, envelope, idempotencyId, callbackUrl: parseCallbackUrl(parsed) } };
}

function malformed(fault: Problem, idempotencyId: string | null, text: string): ParsedRequest {
  return { kind: "malformed", problem: fault, idempotencyId, text };
}

function noObject(target: RunTarget, beginsAsJson: boolean): Problem {
  if (!beginsAsJson) return NOT_JSON;
  return targetFault(target) ?? badRequest("The body must be an object", "");
}

/** Another parser would read it as the member that it resembles (contract, Starting a run). */
function spellingFault(envelope: Envelope | EnvelopeFault): Problem | null {
  if (envelope.kind !== "lookalike") return null;
  const { pointer, known } = envelope;
  return badRequest(`${JSON.stringify(pointer)} must be spelt ${known}.`, pointer);
}

function shapeFault(parsed: unknown): Problem | null {
  const verdict = validateRunRequest(parsed);
  return verdict.kind === "ok" ? null : badRequest(verdict.detail, verdict.pointer);
}

function callbackFault(parsed: unknown, rules: () => DestinationRules): Problem | null {
  const url = parseCallbackUrl(parsed);
  const verdict = url === null ? null : checkDestination(url, rules());
  return verdict?.kind === "refused"
    ? badRequest(`callback_url ${verdict.detail}`, "/data/callback_url")
    : null;
}

function twice(pointer: string): Problem {
  return badRequest(`${pointer} stands twice.`, pointer);
}

function badRequest(detail: string, pointer: string): Problem {
  return problem("bad_request", detail, { source: { pointer } });
}

function parseCallbackUrl(parsed: unknown): string | null {
  const url = memberOf(memberOf(parsed, "data"), "callback_url");
  return typeof url === "string" ? url : null;
}

function parseUuid(value: unknown): string | null {
  return typeof value === "string" && validateUuid(value) ? value.toLowerCase() : null;
}
