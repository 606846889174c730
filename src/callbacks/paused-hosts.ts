// The hosts that operators have paused: no attempt is made there until the moment, or until they are resumed. An isolate
// that has seen no failure of a host asks no breaker, so a pause reaches it as one small list in KV, which it reads again
// when what it knows is half a minute old. While KV is away no host is paused.
import { logStorageFailure } from "../platform/observability/isolate-sums.ts";
import { withTimeout } from "../platform/timeout.ts";
import { type HostPause, inForce, parsePauses } from "./host-pauses.ts";

type Known = { atMs: number; pauses: readonly HostPause[] };

const KEY = "paused-hosts:v1";
const KNOWN_MS = 30_000;
const ANSWERS_WITHIN_MS = 2_000;

/** Those in force, as KV has them: up to a minute old where they were changed elsewhere. Throws when KV does not answer. */
export async function readPauses(kv: KVNamespace, nowMs: number): Promise<HostPause[]> {
  return inForce(parsePauses(await withTimeout(ANSWERS_WITHIN_MS, kv.get(KEY, "json"))), nowMs);
}

export async function writePauses(kv: KVNamespace, pauses: readonly HostPause[]): Promise<void> {
  await withTimeout(ANSWERS_WITHIN_MS, kv.put(KEY, JSON.stringify({ v: 1, hosts: pauses })));
}

/** What an isolate knows of them. */
export class PausedHosts {
  readonly #kv: KVNamespace;
  #known: Known | null = null;

  constructor(kv: KVNamespace) {
    this.#kv = kv;
  }

  /**
   * What one invocation asks for the list, which never throws. Its runs share a read; another invocation cannot wait for
   * that, because a promise belongs to the invocation that made it.
   */
  forInvocation(): () => Promise<readonly HostPause[]> {
    let reading: Promise<readonly HostPause[]> | null = null;
    return async () => {
      const nowMs = Date.now();
      const known = this.#known;
      if (known !== null && Math.abs(nowMs - known.atMs) < KNOWN_MS) return known.pauses;
      reading ??= this.#read(nowMs).finally(() => {
        reading = null;
      });
      return reading;
    };
  }

  async #read(nowMs: number): Promise<readonly HostPause[]> {
    const pauses = await this.#readOrNone(nowMs);
    this.#known = { atMs: nowMs, pauses };
    return pauses;
  }

  async #readOrNone(nowMs: number): Promise<readonly HostPause[]> {
    try {
      return await readPauses(this.#kv, nowMs);
    } catch (error) {
      logStorageFailure("kv", { event: "paused_hosts.unavailable", error });
      return [];
    }
  }
}
