// Keys of the development issuer and the gateway's signing keys, made on first use and kept under .dev/ (git ignores
// it). Nothing of them is ever committed, and production has its own.
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { exportJWK, generateKeyPair, type JWK } from "jose";

export const DEV_ISSUER = "https://issuer.dev.edge-actions.invalid";
export const DEV_AUDIENCE = "edge-actions";
export const DEV_FOLDER = new URL("../.dev/", import.meta.url);

const ISSUER_ALGORITHM = "ES256";

/** The development issuer's private key. */
export function issuerKey(): Promise<JWK> {
  return keptKey("issuer-key.json", ISSUER_ALGORITHM);
}

/** The gateway's own signing key. */
export function signingKey(): Promise<JWK> {
  return keptKey("signing-key.json", "EdDSA");
}

/** `JWT_ISSUERS` for the development issuer, its public key inline. */
export async function devIssuers(): Promise<string> {
  const { d: _private, ...publicKey } = await issuerKey();
  const entry = {
    issuer: DEV_ISSUER,
    audience: DEV_AUDIENCE,
    algorithms: [ISSUER_ALGORITHM],
    jwks: { keys: [publicKey] },
  };
  return JSON.stringify([entry]);
}

async function keptKey(name: string, algorithm: string): Promise<JWK> {
  const file = new URL(name, DEV_FOLDER);
  try {
    return await readKey(file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), alg: algorithm, kid: crypto.randomUUID() };
  await mkdir(DEV_FOLDER, { recursive: true });
  // Written beside and moved, so that two commands at once never read half a key.
  const draft = new URL(`${name}.${process.pid}`, DEV_FOLDER);
  await writeFile(draft, JSON.stringify(jwk), { mode: 0o600 });
  await rename(draft, file);
  return readKey(file);
}

async function readKey(file: URL): Promise<JWK> {
  const jwk: JWK = JSON.parse(await readFile(file, "utf8"));
  return jwk;
}
