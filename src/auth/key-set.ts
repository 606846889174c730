// One issuer's key set: fetched from its URL, and copied to KV, so that a new isolate need not ask the issuer. The
// issuer's answer is not trusted to be small, quick, or a key set at all: every other answer is a failure with a name,
// and never an exception. KV is the memory and not a condition: when it fails, the issuer is asked, and a copy that
// could not be written is written by the next fetch.

import { base64url } from "jose";
import { sha256 } from "../platform/hash.ts";
import { isObject, memberOf, parseJson } from "../platform/json.ts";
import { isJwk, type Jwk } from "../platform/jwk.ts";
import { type Sender, send } from "../platform/outbound/guard.ts";
import { OutboundTooLarge, readBody } from "../platform/outbound/read-body.ts";
import { TimeoutError, withTimeout } from "../platform/timeout.ts";

export type KeySet = { readonly fetchedAtMs: number; readonly keys: readonly Jwk[] };

/** Older than every other. */
export const NO_KEYS: KeySet = { fetchedAtMs: Number.NEGATIVE_INFINITY, keys: [] };

/** Names for the log. */
export type KeySetFailure = "unreachable" | "timeout" | "status" | "too_large" | "not_json" | "not_a_key_set";

type FetchedKeySet = { kind: "fetched"; keys: readonly Jwk[] } | { kind: "failed"; failure: KeySetFailure };

/** How long known keys are served while their issuer is down, and how long a removed key can survive that. */
export const KEYS_SERVED_MS = 24 * 3_600_000;

const HEADERS_TIMEOUT_MS = 5000;
const BODY_TIMEOUT_MS = 5000;
const COPY_TIMEOUT_MS = 2_000;
const MAX_KEY_SET_BYTES = 256 * 1024;
/** More would make every look-up of a key long. */
const MAX_KEYS = 100;

export async function fetchKeySet(sender: Sender, url: string): Promise<FetchedKeySet> {
  try {
    const response = await send(sender, url, { headers: { accept: "application/json" } }, HEADERS_TIMEOUT_MS);
    if (response.status !== 200) {
      // An unread body keeps its connection, and a Worker has six.
      response.body?.cancel().catch(() => undefined);
      return failed("status");
    }
    return parseBody(await readBody(response, MAX_KEY_SET_BYTES, BODY_TIMEOUT_MS));
  } catch (error) {
    if (error instanceof TimeoutError) return failed("timeout");
    if (error instanceof OutboundTooLarge) return failed("too_large");
    // Anything else is the network's own: it throws whatever it likes when there is no answer.
    return failed("unreachable");
  }
}

function parseBody(bytes: Uint8Array): FetchedKeySet {
  // This decoder takes a byte-order mark and bytes that are not UTF-8, which the one of parseJson refuses.
  const body = parseJson(new TextDecoder().decode(bytes));
  if (body === undefined) return failed("not_json");
  const keys = parseKeySet(body);
  return keys === null ? failed("not_a_key_set") : { kind: "fetched", keys };
}

function failed(failure: KeySetFailure): FetchedKeySet {
  return { kind: "failed", failure };
}

/** Null when there is not one key in it. Entries that are no keys are passed over, as RFC 7517 asks. */
export function parseKeySet(value: unknown): Jwk[] | null {
  if (!isObject(value) || !Array.isArray(value["keys"])) return null;
  const keys = value["keys"].slice(0, MAX_KEYS).filter(isJwk);
  return keys.length === 0 ? null : keys;
}

export async function readCopy(kv: KVNamespace, url: string): Promise<KeySet> {
  try {
    return parseCopy(await withTimeout(COPY_TIMEOUT_MS, kv.get(await copyKey(url), "json")));
  } catch {
    // KV names no errors of its own, and a copy that is no JSON is as good as none.
    return NO_KEYS;
  }
}

export async function writeCopy(kv: KVNamespace, url: string, set: KeySet): Promise<void> {
  try {
    await kv.put(await copyKey(url), JSON.stringify(set), { expirationTtl: KEYS_SERVED_MS / 1000 });
  } catch {
    // As above: memory holds the keys, and other isolates ask the issuer.
  }
}

function parseCopy(value: unknown): KeySet {
  const keys = parseKeySet(value);
  const fetchedAtMs = memberOf(value, "fetchedAtMs");
  return keys !== null && typeof fetchedAtMs === "number" ? { fetchedAtMs, keys } : NO_KEYS;
}

async function copyKey(url: string): Promise<string> {
  return `jwks:v1:${base64url.encode(await sha256(url))}`;
}
