// As whom an upstream is asked: with tokens that were given, or with the gateway's own kind of token, signed here with the
// keys that were given or with a new one, which is then published where the gateway's would be.
import { readFile } from "node:fs/promises";
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { UsageError } from "./options.ts";
import type { Receiver } from "./receiver.ts";
import type { UpstreamOptions } from "./upstream-options.ts";

/** What a token says that is not as it should be. */
export type TokenFault = { audience?: string; expiresSeconds?: number };

export type UserName = "user" | "other-user";

export type Identity =
  | { kind: "given"; token: string; otherToken: string | null }
  | { kind: "signed"; sign: (user: UserName, fault?: TokenFault) => Promise<string> };

const AUDIENCE = "actions-upstream";
const TOKEN_SECONDS = 60;
const BILLING = {
  is_billable: false,
  origin: "actions_api",
  usage_type: "action_run",
  description: "an action was run via Actions API",
  exemption_reason: null,
  exemption_details: null,
};

export async function makeIdentity(options: UpstreamOptions, receiver: Receiver | null): Promise<Identity> {
  const { given, signingKeysFile } = options;
  if (given.token !== undefined)
    return { kind: "given", token: given.token, otherToken: given["other-token"] ?? null };
  const issuer = given.issuer ?? receiver?.base ?? "";
  const key = signingKeysFile === null ? await publishNewKey(receiver) : await readKey(signingKeysFile);
  const usersIssuer = given["users-issuer"] ?? "https://conformance.invalid";
  const subjects = {
    user: given.user ?? `conformance-${crypto.randomUUID()}`,
    "other-user": given["other-user"] ?? `conformance-${crypto.randomUUID()}`,
  };
  return {
    kind: "signed",
    sign: (user, fault) => signToken(key, issuer, { iss: usersIssuer, sub: subjects[user] }, fault),
  };
}

async function publishNewKey(receiver: Receiver | null): Promise<JWK> {
  const { privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: crypto.randomUUID(), alg: "EdDSA", use: "sig" };
  const { d: _private, ...publicKey } = key;
  receiver?.publish("/.well-known/jwks.json", JSON.stringify({ keys: [publicKey] }));
  return key;
}

/** The first key of a JWK set, as SIGNING_KEYS has it; or one key alone. */
async function readKey(file: string): Promise<JWK> {
  try {
    const parsed: JWK & { keys?: JWK[] } = JSON.parse(await readFile(file, "utf8"));
    const [key] = parsed.keys ?? [parsed];
    if (key?.kid !== undefined && key.d !== undefined) return key;
  } catch (error) {
    throw new UsageError(`--signing-keys ${file} cannot be read as JSON`, { cause: error });
  }
  throw new UsageError(`--signing-keys ${file} has no private key with a kid`);
}

async function signToken(
  key: JWK,
  issuer: string,
  { iss, sub }: { iss: string; sub: string },
  { audience = AUDIENCE, expiresSeconds = TOKEN_SECONDS }: TokenFault = {},
): Promise<string> {
  const issuedAt = Math.floor(Date.now() / 1000);
  return new SignJWT({ scope: "external", billing: BILLING, sub_id: { format: "iss_sub", iss, sub } })
    .setProtectedHeader({ alg: "EdDSA", typ: "JWT", kid: key.kid ?? "" })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(sub)
    .setIssuedAt(Math.min(issuedAt, issuedAt + expiresSeconds - TOKEN_SECONDS))
    .setExpirationTime(issuedAt + expiresSeconds)
    .sign(await importJWK(key, "EdDSA"));
}
