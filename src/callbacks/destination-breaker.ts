// The breakers of one destination host, shared by every isolate that delivers there: breaker.ts keeps the rules, this
// object the state. One judges the host by the attempts of all users, a few of each; and each user who has had trouble
// there has one for the own attempts, because on a host that many share (a chat's webhooks, say) one user's path can be
// made to fail at will, and must not stop the others. It is asked only about hosts that failed lately. It may forget (a
// write that gets lost, a move): the price is ten attempts at a host that is down. What has been quiet for ten minutes
// goes, because host names are free to make up.
import { DurableObject } from "cloudflare:workers";
import { AGGREGATOR } from "../platform/observability/isolate-sums.ts";
import { log } from "../platform/observability/log.ts";
import { hasOperatorWebhook } from "../platform/settings.ts";
import {
  acquire,
  type Breaker,
  CLOSED,
  failedLast,
  isForgettable,
  type Permission,
  report,
  type Standing,
  toStanding,
} from "./breaker.ts";

export type BreakerNamespace = DurableObjectNamespace<DestinationBreaker>;

const FORGET_MS = 10 * 60_000;
const REPORT_AGAIN_MS = 30_000;
/** What the operators' notifier has still to hear. No user key is as short. */
const NEWS = "news";
const ALL_USERS = "all";
const MAX_VIEWED = 1000;
/** A probe may end at any time. */
const PROBE_RESULT_MS = 1_000;

type HostNews = { host: string; isDown: boolean };

type Asked = { key: string; before: Breaker; after: Breaker; permission: Permission };

/**
 * `allUntilMs`: until when each user who asks is told the same, but for a user whose last attempt failed: that one waits
 * longer, and `othersUntilMs` is what the others are told.
 */
export type HostPermission =
  | { kind: "go" }
  | { kind: "open"; untilMs: number; allUntilMs?: number; othersUntilMs?: number };

export type BreakerView = Standing & { openForUsers: number };

/** The breakers of a host as `URL.host` gives it: the name, and the port where it is not the scheme's own. */
export function breakerOf(breakers: BreakerNamespace, host: string): DurableObjectStub<DestinationBreaker> {
  return breakers.getByName(host);
}

export class DestinationBreaker extends DurableObject<Env> {
  /** A `go` after it was open is the one probe: report how it ended. */
  async acquire(userKey: string): Promise<HostPermission> {
    const nowMs = Date.now();
    const [own, all] = this.#ask(userKey, nowMs);
    const permission = toPermission(own, all, nowMs);
    // A user whose own breaker is open takes no probe of the shared one.
    if (permission.kind === "open") return permission;
    for (const { key, before, after } of [own, all]) await this.#become(key, before, after);
    return permission;
  }

  /** What `acquire` would say now. Takes no probe. */
  peek(userKey: string): HostPermission {
    const nowMs = Date.now();
    return toPermission(...this.#ask(userKey, nowMs), nowMs);
  }

  /**
   * Every failure at the host; a success only when this object had been asked before it. `isThere`: the host answered the
   * attempt, whatever it said. With `host`, its own name, operators are told when it is down for all users.
   */
  async report(userKey: string, ok: boolean, isThere = ok, host: string | null = null): Promise<void> {
    const nowMs = Date.now();
    const [own, all] = [this.#breaker(userKey), this.#breaker(ALL_USERS)];
    const after = report(all, isThere, nowMs, userKey);
    const isNews = isOpened(all, after) || isClosed(all, after);
    const news = host !== null && isNews && hasOperatorWebhook(this.env);
    if (news) this.ctx.storage.kv.put(NEWS, { host, isDown: isOpened(all, after) } satisfies HostNews);
    await this.#become(userKey, own, report(own, ok, nowMs));
    await this.#become(ALL_USERS, all, after);
    if (news) await this.ctx.storage.setAlarm(nowMs + 1);
  }

  /** As it is, for operators: asking changes nothing. */
  view(): BreakerView {
    const nowMs = Date.now();
    const ofUsers = this.#known({ limit: MAX_VIEWED }).filter(([key]) => key !== ALL_USERS);
    return {
      ...toStanding(this.#breaker(ALL_USERS), nowMs),
      openForUsers: ofUsers.filter(([, breaker]) => toStanding(breaker, nowMs).status === "open").length,
    };
  }

  // It never throws: the platform would repeat it, and then forget it. The next report sets another one.
  override async alarm(): Promise<void> {
    const nowMs = Date.now();
    try {
      const isReported = await this.#reportNews();
      await this.#forgetQuiet(nowMs);
      if (!isReported) await this.ctx.storage.setAlarm(nowMs + REPORT_AGAIN_MS);
    } catch (error) {
      log({ event: "breaker.alarm_failed", error });
    }
  }

  /** Says whether there is nothing more to tell. */
  async #reportNews(): Promise<boolean> {
    const news = this.#news();
    if (news === undefined) return true;
    try {
      await this.env.METRICS_AGGREGATOR.getByName(AGGREGATOR).observeHost(news.host, news.isDown);
    } catch (error) {
      log({ event: "breaker.alarm_failed", error });
      return false;
    }
    // There may be other news by now.
    const isReported = this.#news()?.isDown === news.isDown;
    if (isReported) this.ctx.storage.kv.delete(NEWS);
    return isReported;
  }

  async #forgetQuiet(nowMs: number): Promise<void> {
    const { storage } = this.ctx;
    const all = this.#known();
    const quiet = all.filter(([, breaker]) => isForgettable(breaker, nowMs));
    if (quiet.length === all.length && this.#news() === undefined) return storage.deleteAll();
    for (const [key] of quiet) storage.kv.delete(key);
    await storage.setAlarm(nowMs + FORGET_MS);
  }

  #known(options: { limit?: number } = {}): [string, Breaker][] {
    return [...this.ctx.storage.kv.list<Breaker>(options)].filter(([key]) => key !== NEWS);
  }

  #news(): HostNews | undefined {
    return this.ctx.storage.kv.get<HostNews>(NEWS);
  }

  #ask(userKey: string, nowMs: number): [own: Asked, all: Asked] {
    const ask = (key: string, isDoubtful: boolean): Asked => {
      const before = this.#breaker(key);
      const [after, permission] = acquire(before, nowMs, isDoubtful);
      return { key, before, after, permission };
    };
    const own = ask(userKey, false);
    return [own, ask(ALL_USERS, failedLast(own.before))];
  }

  #breaker(key: string): Breaker {
    return this.ctx.storage.kv.get<Breaker>(key) ?? CLOSED;
  }

  // Answers do not wait for these writes to be durable.
  async #become(key: string, before: Breaker, after: Breaker): Promise<void> {
    if (after === before) return;
    const { storage } = this.ctx;
    const options = { allowUnconfirmed: true };
    const written = storage.put(key, after, options);
    if ((await storage.getAlarm()) === null) await storage.setAlarm(Date.now() + FORGET_MS, options);
    await written;
  }
}

function isOpened(before: Breaker, after: Breaker): boolean {
  return before.status === "closed" && after.status === "open";
}

function isClosed(before: Breaker, after: Breaker): boolean {
  return before.status !== "closed" && after.status === "closed";
}

function toPermission(own: Asked, all: Asked, nowMs: number): HostPermission {
  const { before, permission } = all;
  if (permission.kind === "go") return own.permission;
  const { untilMs } = permission;
  const standing = toStanding(before, nowMs);
  // Another user would get the probe now.
  if (standing.untilMs === null) return { kind: "open", untilMs };
  const isProbed = standing.status === "half_open";
  return {
    kind: "open",
    untilMs,
    allUntilMs: isProbed ? Math.min(standing.untilMs, nowMs + PROBE_RESULT_MS) : standing.untilMs,
    ...(standing.untilMs < untilMs && { othersUntilMs: standing.untilMs }),
  };
}
