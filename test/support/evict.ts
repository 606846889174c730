// An object leaves its memory, as it does when the platform moves it or lets it go.
import { evictDurableObject } from "cloudflare:test";

const MAX_ATTEMPTS = 10;

/** Tries again while the object is still busy behind its last answer: on a busy machine, for longer than an eviction waits. */
export async function evict(stub: DurableObjectStub): Promise<void> {
  for (let attempts = 1; attempts < MAX_ATTEMPTS; attempts += 1) {
    try {
      return await evictDurableObject(stub);
    } catch {
      // The last try says why.
    }
  }
  await evictDurableObject(stub);
}
