// One issuer's key set from its URL. The answer is not trusted to be small, quick, or a key set at all: every other
// answer is a failure with a name, and never an exception.

import {
  OutboundTimeout,
  OutboundTooLarge,
  readBody,
  type Sender,
  send,
} from "../platform/outbound/guard.ts";
import type { Jwk } from "../platform/settings.ts";

/** Names for the log. */
export type KeySetFailure = "unreachable" | "timeout" | "status" | "too_large" | "not_json" | "not_a_key_set";

export type FetchedKeySet =
  | { kind: "fetched"; keys: readonly Jwk[] }
  | { kind: "failed"; failure: KeySetFailure };

const HEADERS_TIMEOUT_MS = 5000;
const BODY_TIMEOUT_MS = 5000;
const MAX_KEY_SET_BYTES = 256 * 1024;
/** More would make every look-up of a key long. */
const MAX_KEYS = 100;

export async function fetchKeySet(sender: Sender, url: string): Promise<FetchedKeySet> {
  const answer = await request(sender, url);
  if (answer.kind === "failed") return answer;
  const body = parseJson(answer.bytes);
  if (body === undefined) return failed("not_json");
  const keys = parseKeySet(body);
  return keys === null ? failed("not_a_key_set") : { kind: "fetched", keys };
}

type Answer = { kind: "answered"; bytes: Uint8Array } | { kind: "failed"; failure: KeySetFailure };

async function request(sender: Sender, url: string): Promise<Answer> {
  try {
    const response = await send(sender, url, { headers: { accept: "application/json" } }, HEADERS_TIMEOUT_MS);
    if (response.status !== 200) {
      // An unread body keeps its connection, and a Worker has six.
      response.body?.cancel().catch(() => undefined);
      return failed("status");
    }
    return { kind: "answered", bytes: await readBody(response, MAX_KEY_SET_BYTES, BODY_TIMEOUT_MS) };
  } catch (error) {
    if (error instanceof OutboundTimeout) return failed("timeout");
    if (error instanceof OutboundTooLarge) return failed("too_large");
    // Anything else is the network's own: it throws whatever it likes when there is no answer.
    return failed("unreachable");
  }
}

/** Undefined when the bytes are no JSON. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Null when there is not one key in it. Entries that are no keys are passed over, as RFC 7517 asks. */
export function parseKeySet(value: unknown): Jwk[] | null {
  if (!isObject(value) || !Array.isArray(value["keys"])) return null;
  const keys = value["keys"].slice(0, MAX_KEYS).filter(isJwk);
  return keys.length === 0 ? null : keys;
}

function isJwk(value: unknown): value is Jwk {
  return isObject(value) && typeof value["kty"] === "string";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function failed(failure: KeySetFailure): { kind: "failed"; failure: KeySetFailure } {
  return { kind: "failed", failure };
}
