import type { Issuer } from "../platform/settings.ts";
import { KeyCache, type KeyIo, type KeyLookup } from "./key-cache.ts";
import { chooseKey } from "./key-choice.ts";
import type { TokenHeader } from "./token-form.ts";

/** The keys of all issuers; one instance per isolate. Issuers that share a URL share its cache, and nothing else does. */
export class IssuerKeys {
  readonly #caches = new Map<string, KeyCache>();

  async find(issuer: Issuer, header: TokenHeader, io: KeyIo): Promise<KeyLookup> {
    if (issuer.keys.kind === "inline") return chooseKey(issuer.keys.keys, header);
    return this.#cacheOf(issuer.keys.url).find(header, io);
  }

  #cacheOf(url: string): KeyCache {
    const cache = this.#caches.get(url) ?? new KeyCache(url);
    this.#caches.set(url, cache);
    return cache;
  }
}
