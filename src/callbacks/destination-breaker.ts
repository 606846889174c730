// The breaker of one destination host for one user, shared by every isolate that delivers there: breaker.ts keeps the
// rules, this object the state. Each user has its own, because on a host that many share (a chat's webhooks, say) one
// user's path can be made to fail at will, and must not stop the others. It is asked only about hosts that failed
// lately. It may forget (a write that gets lost, a move): the price is ten attempts at a host that is down. After ten
// quiet minutes it deletes itself, because anybody can make up host names.
import { DurableObject } from "cloudflare:workers";
import { type Breaker, CLOSED, isForgettable, mayTry, type Permission, report } from "./breaker.ts";

export type BreakerNamespace = DurableObjectNamespace<DestinationBreaker>;

const FORGET_MS = 10 * 60_000;
const KEY = "breaker";

/** `host` as `URL.host` gives it: the name, and the port where it is not the scheme's own. */
export function breakerOf(
  breakers: BreakerNamespace,
  userKey: string,
  host: string,
): DurableObjectStub<DestinationBreaker> {
  // A user key is always as long, so no two pairs have one name.
  return breakers.getByName(`${userKey} ${host}`);
}

export class DestinationBreaker extends DurableObject<Env> {
  #breaker: Breaker;
  #isStored: boolean;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    const stored = state.storage.kv.get<Breaker>(KEY);
    this.#breaker = stored ?? CLOSED;
    this.#isStored = stored !== undefined;
  }

  /** A `go` after a rest is the one probe: report how it ended. */
  async mayTry(): Promise<Permission> {
    const [breaker, permission] = mayTry(this.#breaker, Date.now());
    await this.#become(breaker);
    return permission;
  }

  /** Every failure at the host; a success only when this breaker had been asked before it. */
  async report(ok: boolean): Promise<void> {
    await this.#become(report(this.#breaker, ok, Date.now()));
  }

  override async alarm(): Promise<void> {
    if (!isForgettable(this.#breaker, Date.now())) {
      await this.ctx.storage.setAlarm(Date.now() + FORGET_MS);
      return;
    }
    this.#breaker = CLOSED;
    this.#isStored = false;
    await this.ctx.storage.deleteAll();
  }

  // Answers do not wait for these writes to be durable.
  async #become(breaker: Breaker): Promise<void> {
    if (breaker === this.#breaker) return;
    this.#breaker = breaker;
    const isFirst = !this.#isStored;
    this.#isStored = true;
    const options = { allowUnconfirmed: true };
    if (isFirst) await this.ctx.storage.setAlarm(Date.now() + FORGET_MS, options);
    await this.ctx.storage.put(KEY, breaker, options);
  }
}
