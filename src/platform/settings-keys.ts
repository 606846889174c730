// Issuers and keys, as the settings spell them.
import { isIpAddress } from "./ip-address.ts";
import { isObject } from "./json.ts";

export type Jwk = JsonWebKey & {
  kid?: string;
  alg?: string;
  use?: string;
  key_ops?: string[];
  x?: string;
  d?: string;
};

/** Where an issuer's public keys come from: fetched and cached, or written into the settings. */
export type KeySource = { kind: "url"; url: string } | { kind: "inline"; keys: readonly Jwk[] };

export type Issuer = {
  issuer: string;
  audience: string;
  /** Of ALGORITHMS. */
  algorithms: readonly string[];
  keys: KeySource;
  /** Whether its tokens may open the console. */
  hasOperators: boolean;
  /** Which claims may name the subject; `sub` alone when it is not given. */
  subjectClaims?: readonly string[];
};

/** The asymmetric algorithms of JWS, and the keys that each takes. `crv` is null where the key type has none. */
export const ALGORITHMS = new Map<string, { kty: string; crv: string | null }>([
  ["ES256", { kty: "EC", crv: "P-256" }],
  ["ES384", { kty: "EC", crv: "P-384" }],
  ["ES512", { kty: "EC", crv: "P-521" }],
  ["RS256", { kty: "RSA", crv: null }],
  ["RS384", { kty: "RSA", crv: null }],
  ["RS512", { kty: "RSA", crv: null }],
  ["PS256", { kty: "RSA", crv: null }],
  ["PS384", { kty: "RSA", crv: null }],
  ["PS512", { kty: "RSA", crv: null }],
  ["EdDSA", { kty: "OKP", crv: "Ed25519" }],
  ["Ed25519", { kty: "OKP", crv: "Ed25519" }],
]);

/** What is wrong with the content of a JSON setting, in words that may be logged. */
export class Fault extends Error {}

export function parseIssuers(value: unknown, secure: boolean): Issuer[] {
  if (!Array.isArray(value) || value.length === 0) throw new Fault("must be a non-empty JSON array");
  const issuers = value.map((entry, index) => parseIssuer(entry, `entry ${index}`, secure));
  if (new Set(issuers.map(({ issuer }) => issuer)).size !== issuers.length)
    throw new Fault("names an issuer twice");
  return issuers;
}

function parseIssuer(entry: unknown, where: string, secure: boolean): Issuer {
  if (!isObject(entry)) throw new Fault(`${where} must be an object`);
  const { issuer, audience, algorithms, jwks_uri: uri, jwks, operators = false } = entry;
  if (!isText(issuer) || !isText(audience)) throw new Fault(`${where} needs "issuer" and "audience"`);
  if (
    !Array.isArray(algorithms) ||
    algorithms.length === 0 ||
    !algorithms.every((name) => ALGORITHMS.has(name))
  ) {
    throw new Fault(`${where} needs "algorithms", each one of ${[...ALGORITHMS.keys()].join(", ")}`);
  }
  if ((uri === undefined) === (jwks === undefined))
    throw new Fault(`${where} needs either "jwks_uri" or "jwks"`);
  if (typeof operators !== "boolean")
    throw new Fault(`${where} has an "operators" that is not true or false`);
  const keys = uri === undefined ? parseInlineKeys(jwks, where) : parseKeyUrl(uri, where, secure);
  return { issuer, audience, algorithms, keys, hasOperators: operators };
}

/** Cloudflare Access, as the issuer that it is. A person is named by the e-mail address, a service token by its own name. */
export function accessIssuer(teamDomain: string, audience: string): Issuer {
  if (!/^[a-z0-9-]+\.cloudflareaccess\.com$/.test(teamDomain))
    throw new Fault("must be a host such as example.cloudflareaccess.com");
  const issuer = `https://${teamDomain}`;
  const keys: KeySource = { kind: "url", url: `${issuer}/cdn-cgi/access/certs` };
  const subjectClaims = ["email", "common_name", "sub"];
  return { issuer, audience, algorithms: ["RS256"], keys, hasOperators: true, subjectClaims };
}

function parseKeyUrl(uri: unknown, where: string, secure: boolean): KeySource {
  const url = isText(uri) ? URL.parse(uri) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new Fault(`${where} has a "jwks_uri" that is no URL`);
  if (url.username !== "" || url.password !== "")
    throw new Fault(`${where} has credentials in its "jwks_uri"`);
  if (secure && url.protocol !== "https:")
    throw new Fault(`${where} has a plain-http "jwks_uri" while PUBLIC_URL is https`);
  if (secure && isIpAddress(url.hostname))
    throw new Fault(`${where} has an IP address in its "jwks_uri" while PUBLIC_URL is https`);
  return { kind: "url", url: url.href };
}

function parseInlineKeys(jwks: unknown, where: string): KeySource {
  if (!isObject(jwks) || !Array.isArray(jwks["keys"]) || !jwks["keys"].every(isJwk)) {
    throw new Fault(`${where} has a "jwks" that is no JWK set`);
  }
  if (jwks["keys"].length === 0) throw new Fault(`${where} has no key in "jwks"`);
  if (jwks["keys"].some((key) => "d" in key || "k" in key))
    throw new Fault(`${where} has a private key in "jwks"`);
  return { kind: "inline", keys: jwks["keys"] };
}

export function parseSigningKeys(value: unknown): Jwk[] {
  const keys = isObject(value) ? value["keys"] : undefined;
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isSigningKey)) {
    throw new Fault('must be a JWK set of Ed25519 private keys, each with a "kid"');
  }
  // A verifier would have two keys to choose from, and libraries refuse to.
  if (new Set(keys.map(({ kid }) => kid)).size !== keys.length) throw new Fault("names a kid twice");
  return keys;
}

function isSigningKey(value: unknown): value is Jwk {
  return (
    isJwk(value) &&
    value.kty === "OKP" &&
    value.crv === "Ed25519" &&
    isText(value.kid) &&
    isKeyHalf(value.d) &&
    isKeyHalf(value.x)
  );
}

/** 32 bytes in base64url. Anything else would only be noticed by the first request that needs the key. */
function isKeyHalf(value: unknown): boolean {
  return isText(value) && /^[\w-]{43}$/.test(value);
}

export function isJwk(value: unknown): value is Jwk {
  return isObject(value) && isText(value["kty"]);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
