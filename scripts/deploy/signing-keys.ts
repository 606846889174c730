import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair } from "jose";

/** A first set of the gateway's own keys. It exists in memory only. */
export async function newSigningKeys(): Promise<string> {
  const { privateKey } = await generateKeyPair("EdDSA", { extractable: true });
  return JSON.stringify({ keys: [{ ...(await exportJWK(privateKey)), alg: "EdDSA", kid: randomUUID() }] });
}
