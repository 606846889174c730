// Keys of the development issuer, the gateway's signing keys and the sandbox's completion token, made on first use and kept
// under .dev/ (git ignores it). Nothing of them is ever committed, and production has its own.
import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { exportJWK, generateKeyPair, type JWK } from "jose";

export const DEV_ISSUER = "https://issuer.dev.edge-actions.invalid";
export const DEV_AUDIENCE = "edge-actions";
const DEV_FOLDER = new URL("../.dev/", import.meta.url);

const ISSUER_ALGORITHM = "ES256";

/** The development issuer's private key. */
export function issuerKey(): Promise<JWK> {
  return keptKey("issuer-key.json", ISSUER_ALGORITHM);
}

/** The gateway's own signing key. */
export function signingKey(): Promise<JWK> {
  return keptKey("signing-key.json", "EdDSA");
}

/** With which the sandbox proves its completions. */
export function completionToken(): Promise<string> {
  // No digit of it is a dash: at the beginning of an option's value that would be taken for another option.
  return keptText("completion-token", () => randomBytes(32).toString("hex"));
}

/** What a gateway needs that has no default, and leave to call back on this machine. */
export async function devSettings(): Promise<Record<string, string>> {
  return {
    JWT_ISSUERS: await devIssuers(),
    SIGNING_KEYS: JSON.stringify({ keys: [await signingKey()] }),
    COMPLETION_TOKEN: await completionToken(),
    ALLOW_PRIVATE_CALLBACKS: "true",
  };
}

/** `JWT_ISSUERS` for the development issuer, its public key inline. */
export async function devIssuers(): Promise<string> {
  const { d: _private, ...publicKey } = await issuerKey();
  const entry = {
    issuer: DEV_ISSUER,
    audience: DEV_AUDIENCE,
    algorithms: [ISSUER_ALGORITHM],
    jwks: { keys: [publicKey] },
    operators: true,
  };
  return JSON.stringify([entry]);
}

async function keptKey(name: string, algorithm: string): Promise<JWK> {
  const jwk: JWK = JSON.parse(await keptText(name, () => newKey(algorithm)));
  return jwk;
}

async function newKey(algorithm: string): Promise<string> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return JSON.stringify({ ...(await exportJWK(privateKey)), alg: algorithm, kid: crypto.randomUUID() });
}

async function keptText(name: string, make: () => string | Promise<string>): Promise<string> {
  const file = new URL(name, DEV_FOLDER);
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (!isFileError(error, "ENOENT")) throw error;
  }
  const draft = await writeDraft(name, await make());
  try {
    // Unlike a move, a link never replaces: of two commands at once the first one's holds for both.
    await link(draft, file);
  } catch (error) {
    if (!isFileError(error, "EEXIST")) throw error;
  } finally {
    await unlink(draft);
  }
  return readFile(file, "utf8");
}

/** Writes a private file under .dev/, whole or not at all: another command may be reading it. */
export async function writePrivate(name: string, text: string): Promise<URL> {
  const file = new URL(name, DEV_FOLDER);
  await rename(await writeDraft(name, text), file);
  return file;
}

async function writeDraft(name: string, text: string): Promise<URL> {
  await mkdir(DEV_FOLDER, { recursive: true });
  const draft = new URL(`${name}.${crypto.randomUUID()}`, DEV_FOLDER);
  await writeFile(draft, text, { mode: 0o600 });
  return draft;
}

function isFileError(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
