// As in node-crypto.d.ts: the little that is used of Node's decoders.
declare module "node:zlib" {
  export type Decoder = { readonly flush: () => void };
  export function createGunzip(): Decoder;
  export function createBrotliDecompress(): Decoder;
}

declare module "node:stream" {
  import type { Decoder } from "node:zlib";
  export const Duplex: { toWeb: (duplex: Decoder) => ReadableWritablePair<Uint8Array, Uint8Array> };
}
