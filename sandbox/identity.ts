// Who a request acts for. What counts is the gateway's signature, checked against the keys it publishes; what a token
// says about its own issuer is only believed after that. TRUST_CALLER_TOKENS takes the wall away: development only,
// for a gateway that forwards its callers' own tokens and has verified them already.

import { createLocalJWKSet, decodeJwt, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from "jose";
import { type Problem, problem } from "./errors.ts";

export type User = { iss: string; sub: string };
export type Caller = { kind: "caller"; user: User; billable: boolean };

export type IdentityEnv = {
  GATEWAY: Fetcher;
  TRUST_CALLER_TOKENS?: string;
  /** A bearer of exactly this acts for the user in `X-Sandbox-User`, a JSON array [iss, sub]. */
  SERVICE_TOKEN?: string;
};

type Keys = { find: ReturnType<typeof createLocalJWKSet>; fetchedAtMs: number };

const KEYS_URL = "https://gateway/.well-known/jwks.json";
const KEYS_FRESH_MS = 60_000;
const CLOCK_TOLERANCE_SECONDS = 5;
const USER_HEADER = "X-Sandbox-User";

class KeysUnavailable extends Error {}

// Only the result is shared: a promise of one request cannot be awaited by another one on this platform.
let known: Keys | null = null;

export async function identify(headers: Headers, env: IdentityEnv): Promise<Caller | Problem> {
  const token = /^(?:Bearer|JWT) +(\S+)$/i.exec(headers.get("Authorization") ?? "")?.[1];
  if (token === undefined) return problem("unauthenticated", "A bearer token is required.");
  if (env.SERVICE_TOKEN && (await sameText(token, env.SERVICE_TOKEN))) return serviceCaller(headers);
  try {
    return toCaller(env.TRUST_CALLER_TOKENS === "true" ? decodeJwt(token) : await verify(token, env.GATEWAY));
  } catch (error) {
    if (error instanceof KeysUnavailable) return problem("service_unavaiable", "No keys to verify with.");
    if (error instanceof errors.JOSEError) return badToken();
    throw error;
  }
}

/** The object's name. JSON keeps ["a","b:c"] and ["a:b","c"] apart. */
export function userName({ iss, sub }: User): string {
  return JSON.stringify([iss, sub]);
}

async function verify(token: string, gateway: Fetcher): Promise<JWTPayload> {
  const nowMs = Date.now();
  const cached = known !== null && nowMs - known.fetchedAtMs < KEYS_FRESH_MS ? known : null;
  const keys = cached ?? (await fetchKeys(gateway, nowMs));
  try {
    return await check(token, keys);
  } catch (error) {
    const rotated = error instanceof errors.JWKSNoMatchingKey && keys === cached;
    if (!rotated) throw error;
    return check(token, await fetchKeys(gateway, nowMs));
  }
}

async function check(token: string, keys: Keys): Promise<JWTPayload> {
  // The audience keeps callback signatures out: the gateway makes those with the same keys, and any receiver can read them.
  const { payload } = await jwtVerify(token, keys.find, {
    algorithms: ["EdDSA", "Ed25519"],
    audience: "actions-upstream",
    requiredClaims: ["exp"],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
  });
  return payload;
}

async function fetchKeys(gateway: Fetcher, nowMs: number): Promise<Keys> {
  try {
    const response = await gateway.fetch(KEYS_URL);
    known = { find: createLocalJWKSet(await response.json<JSONWebKeySet>()), fetchedAtMs: nowMs };
    return known;
  } catch (cause) {
    throw new KeysUnavailable("the gateway's keys could not be read", { cause });
  }
}

function toCaller(claims: JWTPayload): Caller | Problem {
  const user = issSub(claims["sub_id"]) ?? issSub(claims);
  return user === null ? badToken() : { kind: "caller", user, billable: isBillable(claims["billing"]) };
}

function issSub(value: unknown): User | null {
  if (!isObject(value)) return null;
  const { iss, sub } = value;
  return typeof iss === "string" && typeof sub === "string" ? { iss, sub } : null;
}

function isBillable(claim: unknown): boolean {
  const billing = typeof claim === "string" ? parsed(claim) : claim;
  return isObject(billing) && billing["is_billable"] === true;
}

function serviceCaller(headers: Headers): Caller | Problem {
  const pair = parsed(headers.get(USER_HEADER) ?? "");
  const [iss, sub] = Array.isArray(pair) && pair.length === 2 ? pair : [];
  if (typeof iss !== "string" || typeof sub !== "string") {
    return problem("unauthenticated", `${USER_HEADER} must be a JSON array of issuer and subject.`);
  }
  return { kind: "caller", user: { iss, sub }, billable: false };
}

function badToken(): Problem {
  return problem("unauthenticated", "The token is not valid.");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Compared as digests, so that neither length nor content shows in the time it takes. */
async function sameText(left: string, right: string): Promise<boolean> {
  const [a, b] = await Promise.all([left, right].map(digest));
  return a !== undefined && b !== undefined && crypto.subtle.timingSafeEqual(a, b);
}

function digest(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
