// The little that is used of Node's crypto, which the runtime has: WebCrypto cannot digest what comes in pieces. The types
// of all of Node would let code compile here that cannot run.
declare module "node:crypto" {
  export type StreamedDigest = {
    update(bytes: Uint8Array): unknown;
    /** Once. */
    digest(encoding: "base64" | "base64url"): string;
  };
  export function createHash(algorithm: "sha256"): StreamedDigest;
  export function createHmac(algorithm: "sha256", key: Uint8Array): StreamedDigest;
}
