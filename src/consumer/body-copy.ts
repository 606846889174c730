// The copy in KV of a result that is too large to be held, made while the result is read to be signed: from then on it does
// not matter whether the upstream gives the same result once more. Best effort: where KV takes too long or fails, the copy
// is abandoned, and the upstream is read again.

import { logStorageFailure } from "../platform/observability/isolate-sums.ts";
import { withTimeout } from "../platform/timeout.ts";
import { dropBody, KEEP_SECONDS, KEPT_WITHIN_MS, keptBodyKey } from "./kept-body.ts";

/** What KV takes as one value. */
const MAX_KEPT_BYTES = 25 * 1024 * 1024;

export class BodyCopy {
  readonly #userKey: string;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #put: Promise<void>;
  readonly #drop: () => Promise<void>;
  #bytes = 0;
  #isGoingOn = true;
  #cleared = Promise.resolve();

  /** Null: the result is known to be too large. `byteLength`: null where its length is not known yet. */
  static start(kv: KVNamespace, userKey: string, runId: string, byteLength: number | null): BodyCopy | null {
    if (byteLength !== null && byteLength > MAX_KEPT_BYTES) return null;
    return new BodyCopy(kv, userKey, runId, byteLength);
  }

  private constructor(kv: KVNamespace, userKey: string, runId: string, byteLength: number | null) {
    const { readable, writable } =
      byteLength === null ? new IdentityTransformStream() : new FixedLengthStream(byteLength);
    this.#userKey = userKey;
    this.#writer = writable.getWriter();
    this.#put = kv.put(keptBodyKey(userKey, runId), readable, { expirationTtl: KEEP_SECONDS });
    this.#drop = () => dropBody(kv, userKey, runId);
    for (const promise of [this.#put, this.#writer.closed]) promise.catch(() => undefined);
  }

  /** The bytes may be overwritten when this has resolved. */
  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#isGoingOn) return;
    this.#bytes += bytes.byteLength;
    if (this.#bytes > MAX_KEPT_BYTES) void this.abandon();
    else await this.#attempt(() => this.#writer.write(bytes));
  }

  /** Whether KV has the whole of it. */
  async finish(): Promise<boolean> {
    if (!this.#isGoingOn) return false;
    const isWhole = await this.#attempt(async () => {
      await this.#writer.close();
      await this.#put;
    });
    this.#isGoingOn = false;
    return isWhole;
  }

  /** What has not been finished must not stay: not every store notices that a value broke off. */
  abandon(): Promise<void> {
    if (this.#isGoingOn) {
      this.#isGoingOn = false;
      this.#writer.abort().catch(() => undefined);
      const settled = withTimeout(KEPT_WITHIN_MS, this.#put).catch(() => undefined);
      this.#cleared = settled.then(this.#drop);
    }
    return this.#cleared;
  }

  async #attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      // A put that fails takes no more bytes, and may say so before the writer does.
      const failed = this.#put.then(() => new Promise<never>(() => undefined));
      await withTimeout(KEPT_WITHIN_MS, Promise.race([work(), failed]));
      return true;
    } catch (error) {
      logStorageFailure("kv", { event: "body.put_failed", user: this.#userKey, error });
      void this.abandon();
      return false;
    }
  }
}
