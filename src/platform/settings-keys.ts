// Issuers and keys, as the settings spell them.
import { isFetchable } from "./fetchable.ts";
import { isIpAddress } from "./ip-address.ts";
import { isObject } from "./json.ts";
import { ALGORITHMS, isJwk, isText, isUsable, type Jwk } from "./jwk.ts";

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

/** What is wrong with the content of a JSON setting, in words that may be logged. */
export class Fault extends Error {}

/** What `PUBLIC_URL` says: whether it is https, and of no host that only its own machine knows. */
export type Site = { isSecure: boolean; isPublic: boolean };

/** Whether a URL leads to the very machine that asks for it. */
export function isLoopback(text: string): boolean {
  return /^(?:(?:.+\.)?localhost\.?|127(?:\.\d+){3}|\[::1\])$/.test(URL.parse(text)?.hostname ?? "");
}

export function parseIssuers(value: unknown, site: Site): Issuer[] {
  if (!Array.isArray(value) || value.length === 0) throw new Fault("must be a non-empty JSON array");
  const issuers = value.map((entry, index) => parseIssuer(entry, `entry ${index}`, site));
  if (new Set(issuers.map(({ issuer }) => issuer)).size !== issuers.length)
    throw new Fault("names an issuer twice");
  return issuers;
}

function parseIssuer(entry: unknown, where: string, site: Site): Issuer {
  if (!isObject(entry)) throw new Fault(`${where} must be an object`);
  const { issuer, audience, algorithms, jwks_uri: uri, jwks, operators = false, ...others } = entry;
  const [stray] = Object.keys(others);
  if (stray !== undefined) throw new Fault(`${where} has an unknown member ${JSON.stringify(stray)}`);
  if (!isText(issuer) || !isText(audience)) throw new Fault(`${where} needs "issuer" and "audience"`);
  if ([issuer, audience].some((text) => text !== text.trim()))
    throw new Fault(`${where} has white space around its "issuer" or "audience"`);
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
  if (site.isPublic && isLoopback(issuer))
    throw new Fault(`${where} has an "issuer" on localhost while PUBLIC_URL is elsewhere`);
  const keys = uri === undefined ? parseInlineKeys(jwks, algorithms, where) : parseKeyUrl(uri, where, site);
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

function parseKeyUrl(uri: unknown, where: string, site: Site): KeySource {
  const url = isText(uri) ? URL.parse(uri) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new Fault(`${where} has a "jwks_uri" that is no URL`);
  if (url.username !== "" || url.password !== "")
    throw new Fault(`${where} has credentials in its "jwks_uri"`);
  if (!isFetchable(url))
    throw new Fault(`${where} has a "jwks_uri" with port 0 or a host that cannot be fetched`);
  if (site.isSecure && url.protocol !== "https:")
    throw new Fault(`${where} has a plain-http "jwks_uri" while PUBLIC_URL is https`);
  if (site.isPublic && isLoopback(url.href))
    throw new Fault(`${where} has a "jwks_uri" on localhost while PUBLIC_URL is elsewhere`);
  if (site.isPublic && isIpAddress(url.hostname))
    throw new Fault(`${where} has an IP address in its "jwks_uri" while PUBLIC_URL is https`);
  return { kind: "url", url: url.href };
}

function parseInlineKeys(jwks: unknown, algorithms: readonly string[], where: string): KeySource {
  if (!isObject(jwks) || !Array.isArray(jwks["keys"]) || !jwks["keys"].every(isJwk)) {
    throw new Fault(`${where} has a "jwks" that is no JWK set`);
  }
  if (jwks["keys"].length === 0) throw new Fault(`${where} has no key in "jwks"`);
  if (jwks["keys"].some((key) => "d" in key || "k" in key))
    throw new Fault(`${where} has a private key in "jwks"`);
  if (!jwks["keys"].some((key) => algorithms.some((name) => isUsable(key, name))))
    throw new Fault(`${where} has no key in "jwks" that verifies one of its "algorithms"`);
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
