// The last good copy of a key set in KV, so that a new isolate need not ask the issuer. KV is the memory and not a
// condition: when it fails, the issuer is asked, and a copy that could not be written is written by the next fetch.

import { base64url } from "jose";
import { withTimeout } from "../platform/timeout.ts";
import { KEYS_SERVED_MS, type KeySet } from "./key-age.ts";
import { parseKeySet } from "./key-set.ts";

const READ_TIMEOUT_MS = 2_000;

export async function readCopy(kv: KVNamespace, url: string): Promise<KeySet | null> {
  try {
    return parseCopy(await withTimeout(READ_TIMEOUT_MS, kv.get(await copyKey(url), "json")));
  } catch {
    // KV names no errors of its own, and a copy that is no JSON is as good as none.
    return null;
  }
}

export async function writeCopy(kv: KVNamespace, url: string, set: KeySet): Promise<void> {
  try {
    await kv.put(await copyKey(url), JSON.stringify(set), { expirationTtl: KEYS_SERVED_MS / 1000 });
  } catch {
    // As above: memory holds the keys, and other isolates ask the issuer.
  }
}

function parseCopy(value: unknown): KeySet | null {
  const keys = parseKeySet(value);
  if (keys === null || typeof value !== "object" || value === null || !("fetchedAtMs" in value)) return null;
  const { fetchedAtMs } = value;
  return typeof fetchedAtMs === "number" ? { fetchedAtMs, keys } : null;
}

async function copyKey(url: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(url));
  return `jwks:v1:${base64url.encode(new Uint8Array(digest))}`;
}
