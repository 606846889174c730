// Keys as JSON (RFC 7517), and whether one can verify. Members come from outside and may hold anything, whatever their
// declared type says; each is checked before it counts.
import { base64url } from "jose";
import { isObject } from "./json.ts";

export type Jwk = JsonWebKey & {
  kid?: string;
  alg?: string;
  use?: string;
  key_ops?: string[];
  x?: string;
  d?: string;
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

const MIN_RSA_BITS = 2048;

export function isJwk(value: unknown): value is Jwk {
  return isObject(value) && isText(value["kty"]);
}

type Unchecked = { readonly [member in keyof Jwk]?: unknown };

export function isUsable(key: Unchecked, alg: string): boolean {
  const type = ALGORITHMS.get(alg);
  if (type === undefined || key.kty !== type.kty || (key.crv ?? null) !== type.crv) return false;
  return isPublic(key) && isMeantFor(key, alg) && (type.kty !== "RSA" || rsaBits(key.n) >= MIN_RSA_BITS);
}

function isPublic(key: Unchecked): boolean {
  return key.d === undefined && key.k === undefined;
}

function isMeantFor({ alg, use, key_ops: operations }: Unchecked, wanted: string): boolean {
  if (alg !== undefined && alg !== wanted && !(isEd25519(alg) && isEd25519(wanted))) return false;
  if (use !== undefined && use !== "sig") return false;
  return operations === undefined || (Array.isArray(operations) && operations.includes("verify"));
}

/** RFC 9864 gives the algorithm its own name; key sets and tokens in use have either. */
function isEd25519(alg: unknown): boolean {
  return alg === "EdDSA" || alg === "Ed25519";
}

function rsaBits(modulus: unknown): number {
  if (typeof modulus !== "string" || !/^[\w-]+$/.test(modulus) || modulus.length % 4 === 1) return 0;
  const bytes = base64url.decode(modulus);
  const first = bytes.findIndex((byte) => byte !== 0);
  const top = bytes[first];
  return top === undefined ? 0 : (bytes.length - first) * 8 - (Math.clz32(top) - 24);
}

export function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
