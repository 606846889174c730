// The truth about one user: how many requests the window has counted, which idempotency ids are claimed, and with
// which answers. One object a user, so everything that must be exact happens here, between two awaits.
// It trusts the Worker that calls it (no caller reaches it) and nothing that it kept in memory to survive: claims are
// durable before the upstream hears of a run; only the count is written behind, a fifth of a second at most.
import { DurableObject } from "cloudflare:workers";
import { answerKey, recallAnswer, rememberAnswer } from "../idempotency/replay.ts";
import { log } from "../observability/log.ts";
import {
  type Answer,
  type Claim,
  type ClaimDecision,
  type ClaimRequest,
  decideClaim,
  expiresAtMs,
  isExpired,
  type Settled,
  settleClaim,
  type TryOutcome,
} from "./claim.ts";
import { GateStore, type StoredClaim, type Windows } from "./store.ts";
import { giveBack, peek, retryAfterSeconds, take, type WindowRule, type WindowView } from "./window.ts";

type TakenClaim = Extract<ClaimDecision, { kind: "take" }>;

/** `window` null: the caller is exempt, or the flag is off. */
export type AdmitRequest = { window: WindowRule | null; claim: ClaimRequest | null };

export type Admission =
  | { kind: "admitted"; view: WindowView | null; mismatch: boolean }
  | { kind: "limited"; view: WindowView; retryAfterSeconds: number }
  | { kind: "replay"; view: WindowView | null; mismatch: boolean; answer: Answer }
  /** The first request with this id is still in flight after the longest wait. */
  | { kind: "busy"; view: WindowView | null };

export type ReadCount = { admitted: boolean; view: WindowView; retryAfterSeconds: number };

/** CONTRACT, Idempotency: a duplicate waits for the first one's answer this long at most. */
const MAX_WAIT_MS = 25_000;
const WRITE_BEHIND_MS = 200;
/** Far longer than KV needs to spread an answer. */
const KEEP_SETTLED_MS = 60 * 60 * 1000;
/** After a copy had to be written again: until every location has forgotten that it did not know it. */
const RECHECK_MS = 10 * 60 * 1000;
/** Claims fall due on this grid, so that one alarm, and one row written for it, serves many. */
const ALARM_GRID_MS = 10 * 60 * 1000;
const ALARM_BATCH = 100;

export class UserGate extends DurableObject<Env> {
  readonly #store: GateStore;
  readonly #windows: Windows;
  readonly #waiters = new Map<string, Set<() => void>>();
  #writeBehind: Promise<void> | null = null;
  #alarmAtMs: number | null | "unread" = "unread";

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.#store = new GateStore(state.storage);
    this.#windows = this.#store.loadWindows();
  }

  /** The one call before a run is forwarded: replay, refuse, or count it and claim its id. */
  async admit(request: AdmitRequest): Promise<Admission> {
    const { claim } = request;
    if (claim === null) return this.#admitNow(request, null, Date.now());
    const giveUpAtMs = Date.now() + MAX_WAIT_MS;
    for (;;) {
      const nowMs = Date.now();
      const decision = decideClaim(this.#store.claim(claim.id), claim, nowMs);
      if (decision.kind === "take") return this.#admitNow(request, decision, nowMs);
      const view = request.window && peek(this.#windows.runs, request.window, nowMs);
      if (decision.kind === "replay") return { ...decision, view };
      // Counted and claimed by its first call.
      if (decision.kind === "held") return { kind: "admitted", view, mismatch: decision.mismatch };
      if (nowMs >= giveUpAtMs) return { kind: "busy", view };
      await this.#claimChanged(claim.id, Math.min(decision.untilMs, giveUpAtMs) - nowMs);
    }
  }

  /** How the try ended. Answers with what this id's callers are to be told, null while nobody knows or when the claim was released. */
  async settle(id: string, attempt: string, outcome: TryOutcome): Promise<Settled | null> {
    const before = this.#store.claim(id);
    const after = settleClaim(before, attempt, outcome, Date.now());
    if (after !== before) await this.#putClaim(id, before, after);
    return after?.status === "settled" ? after : null;
  }

  /** Takes an admission back: KV knew the answer to an id that this gate had already forgotten. */
  async withdraw(id: string, attempt: string, countedUntilMs: number | null): Promise<void> {
    if (countedUntilMs !== null) {
      this.#windows.runs = giveBack(this.#windows.runs, countedUntilMs);
      this.#saveSoon();
    }
    const claim = this.#store.claim(id);
    if (claim?.status === "open" && claim.attempt === attempt) await this.#putClaim(id, claim, null);
  }

  /** Counts a read of results, in a window of its own. */
  countRead(rule: WindowRule): ReadCount {
    const nowMs = Date.now();
    const { admitted, window, view } = take(this.#windows.results, rule, nowMs);
    this.#windows.results = window;
    this.#saveSoon();
    return { admitted, view, retryAfterSeconds: retryAfterSeconds(view, nowMs) };
  }

  /** For /readyz: that the object starts and reads its storage. */
  ping(): "ok" {
    return "ok";
  }

  /** Looks at claims that are due: drops a settled one once KV holds its answer, and any whose 72 hours are over. */
  override async alarm(): Promise<void> {
    this.#alarmAtMs = null;
    const due = this.#store.dueClaims(Date.now(), ALARM_BATCH);
    const kept = await Promise.allSettled(due.map((stored) => this.#reviewClaim(stored)));
    for (const result of kept) {
      if (result.status === "rejected")
        log({ event: "gate.review_failed", gate: this.ctx.id.toString(), error: result.reason });
    }
    await this.#arm(this.#store.nextDueAtMs());
  }

  async #admitNow(request: AdmitRequest, taken: TakenClaim | null, nowMs: number): Promise<Admission> {
    let view: WindowView | null = null;
    if (request.window !== null) {
      const before = this.#windows.runs;
      const count = take(before, request.window, nowMs);
      this.#windows.runs = count.window;
      if (!count.admitted) {
        // A deploy has made the window shorter: the end that this caller is told must still hold at the next try.
        if (before?.endsAtMs !== count.window.endsAtMs) this.#saveSoon();
        return { kind: "limited", view: count.view, retryAfterSeconds: retryAfterSeconds(count.view, nowMs) };
      }
      view = count.view;
      this.#saveSoon();
    }
    if (request.claim?.make && taken !== null) await this.#putClaim(request.claim.id, null, taken.claim);
    return { kind: "admitted", view, mismatch: taken?.mismatch ?? false };
  }

  // The write is done when this returns its promise; what is awaited is only the alarm behind it.
  async #putClaim(id: string, before: Claim | null, after: Claim | null): Promise<void> {
    if (after === null) {
      if (before !== null) this.#store.dropClaim(id, before.status);
    } else {
      const dueAtMs = dueAt(after);
      this.#store.putClaim(id, after, dueAtMs);
      await this.#arm(dueAtMs);
    }
    if (after?.status !== "open" || after.leaseExpiresAtMs <= Date.now()) this.#wake(id);
  }

  async #reviewClaim({ id, claim }: StoredClaim): Promise<void> {
    const nowMs = Date.now();
    if (claim.status === "open" || isExpired(claim, nowMs)) {
      if (isExpired(claim, nowMs)) this.#store.dropClaim(id, claim.status);
      else this.#store.postponeClaim(id, onGrid(expiresAtMs(claim)));
      return;
    }
    // Postponed first: if KV fails, the claim stays and is looked at again.
    this.#store.postponeClaim(id, nowMs + RECHECK_MS);
    const key = answerKey(this.ctx.id.toString(), id);
    if ((await recallAnswer(this.env.KV, key, nowMs)) !== null) {
      this.#store.dropClaim(id, "settled");
    } else {
      await rememberAnswer(this.env.KV, key, claim, nowMs);
    }
  }

  #claimChanged(id: string, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const waiters = this.#waiters.get(id) ?? new Set();
      this.#waiters.set(id, waiters);
      const done = () => {
        clearTimeout(timer);
        waiters.delete(done);
        if (waiters.size === 0) this.#waiters.delete(id);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      waiters.add(done);
    });
  }

  #wake(id: string): void {
    this.#waiters.get(id)?.forEach((done) => done());
  }

  #saveSoon(): void {
    this.#writeBehind ??= scheduler.wait(WRITE_BEHIND_MS).then(() => {
      this.#writeBehind = null;
      return this.#store.saveWindows(this.#windows);
    });
    this.ctx.waitUntil(this.#writeBehind);
  }

  async #arm(dueAtMs: number | null): Promise<void> {
    if (dueAtMs === null) return;
    if (this.#alarmAtMs === "unread") this.#alarmAtMs = await this.ctx.storage.getAlarm();
    if (this.#alarmAtMs !== null && this.#alarmAtMs <= dueAtMs) return;
    this.#alarmAtMs = dueAtMs;
    await this.ctx.storage.setAlarm(dueAtMs);
  }
}

// An open claim falls due with those that settle at once, so that settling it seldom moves the alarm again.
function dueAt(claim: Claim): number {
  const sinceMs = claim.status === "settled" ? claim.settledAtMs : claim.claimedAtMs;
  return onGrid(sinceMs + KEEP_SETTLED_MS);
}

function onGrid(atMs: number): number {
  return Math.ceil(atMs / ALARM_GRID_MS) * ALARM_GRID_MS;
}
