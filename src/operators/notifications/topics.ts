// When operators are told of what breaks, as arithmetic. A topic is one thing that can break: a host, the upstream, the
// queue. It has what happened since the last event about it, and no more than one event of a type is made of it in ten
// minutes: what happens meanwhile is in the next one. Plain data; the time is passed in.

export const EVENT_TYPES = [
  "host.down",
  "host.up",
  "host.dead_letters",
  "hosts.summary",
  "upstream.down",
  "upstream.up",
  "runs.overdue",
  "queue.late",
  "storage.failing",
  "gate.full",
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export type SwitchName = "host" | "upstream";
export type RepeatedName = Exclude<EventType, `${SwitchName}.${"down" | "up"}`>;
export type Counts = Readonly<Record<string, number>>;

/** What is down or up. `outages`: those that began since the last event. `downAtMs`, `upAtMs`: of the last event of its type. */
export type Switch = {
  kind: "switch";
  name: SwitchName;
  subject: string;
  isDown: boolean;
  isReportedDown: boolean;
  sinceMs: number;
  outages: number;
  counts: Counts;
  downAtMs: number | null;
  upAtMs: number | null;
};

/** What happens again and again. `counts`: since `sinceMs`; empty: nothing since the last event. */
export type Repeated = {
  kind: "repeated";
  name: RepeatedName;
  subject: string;
  counts: Counts;
  sinceMs: number;
  reportedAtMs: number | null;
};

export type Topic = Switch | Repeated;

/** `subject`: a host; of `storage.failing` the store; empty where there is one of its kind. */
export type Observation = SwitchSeen | RepeatedSeen;
export type SwitchSeen = { name: SwitchName; subject: string; isDown: boolean; counts: Counts };
type RepeatedSeen = { name: RepeatedName; subject: string; counts: Counts; sinceMs?: number };

export type Event = { type: EventType; subject: string; sinceMs: number; counts: Counts };

const PAUSE_MS = 10 * 60_000;
/** One failed read of KV is no news, three within ten minutes are. */
const MIN_FAILURES = 3;
const SAME_NEWS_MS = 5 * 60_000;
/** Host names are free to make up, so that one that is never heard of again goes. */
const FORGET_DOWN_MS = 30 * 24 * 60 * 60_000;

export function observe(topic: Topic | undefined, seen: Observation, nowMs: number): Topic {
  return "isDown" in seen ? turn(topic, seen, nowMs) : count(topic, seen, nowMs);
}

/** Null: nothing is to be said now. */
export function decide(topic: Topic, nowMs: number): { topic: Topic; event: Event } | null {
  return topic.kind === "switch" ? decideSwitch(topic, nowMs) : decideRepeated(topic, nowMs);
}

/** It says nothing any more. */
export function isSpent(topic: Topic, nowMs: number): boolean {
  if (topic.kind === "switch" && topic.isDown) return nowMs - topic.sinceMs >= FORGET_DOWN_MS;
  if (topic.kind === "switch") return !hasNews(topic) && isPauseOver(topic.upAtMs, nowMs);
  return isPauseOver(topic.reportedAtMs, nowMs) && (isEmpty(topic) || isStale(topic, nowMs));
}

function turn(
  topic: Topic | undefined,
  { name, subject, isDown, counts }: SwitchSeen,
  nowMs: number,
): Switch {
  const before = topic?.kind === "switch" ? topic : up(name, subject, nowMs);
  if (before.isDown === isDown && !(isDown && isNewOutage(before, nowMs))) return before;
  return { ...before, isDown, sinceMs: nowMs, outages: before.outages + (isDown ? 1 : 0), counts };
}

// A host's breaker says once that it has opened. When it says so again, it had forgotten that it was open: this is another
// outage. The same news may come twice, but not for minutes. The upstream is seen down as long as it is.
function isNewOutage({ name, sinceMs }: Switch, nowMs: number): boolean {
  return name === "host" && nowMs - sinceMs >= SAME_NEWS_MS;
}

function up(name: SwitchName, subject: string, nowMs: number): Switch {
  const state = { isDown: false, isReportedDown: false, sinceMs: nowMs, outages: 0, counts: {} };
  return { kind: "switch", name, subject, ...state, downAtMs: null, upAtMs: null };
}

function count(topic: Topic | undefined, seen: RepeatedSeen, nowMs: number): Repeated {
  const { name, subject, counts } = seen;
  const known = topic?.kind === "repeated" ? topic : null;
  const reportedAtMs = known?.reportedAtMs ?? null;
  const isNew = known === null || isEmpty(known) || isStale(known, nowMs);
  // It is how many there are now, and not how many came.
  if (isNew || name === "runs.overdue")
    return { kind: "repeated", name, subject, counts, sinceMs: seen.sinceMs ?? nowMs, reportedAtMs };
  return { ...known, counts: addCounts(known.counts, counts) };
}

function addCounts(a: Counts, b: Counts): Counts {
  const add = (name: string, n: number) =>
    name.startsWith("longest_") ? Math.max(n, a[name] ?? 0) : n + (a[name] ?? 0);
  return { ...a, ...Object.fromEntries(Object.entries(b).map(([name, n]) => [name, add(name, n)])) };
}

function decideSwitch(topic: Switch, nowMs: number): { topic: Topic; event: Event } | null {
  const { name, subject, isDown, sinceMs, outages } = topic;
  if (!hasNews(topic) || !isPauseOver(isDown ? topic.downAtMs : topic.upAtMs, nowMs)) return null;
  const counts = { outages, ...topic.counts };
  return {
    topic: { ...topic, isReportedDown: isDown, outages: 0, [isDown ? "downAtMs" : "upAtMs"]: nowMs },
    event: { type: `${name}.${isDown ? "down" : "up"}`, subject, sinceMs, counts },
  };
}

function decideRepeated(topic: Repeated, nowMs: number): { topic: Topic; event: Event } | null {
  const { name: type, subject, sinceMs, counts } = topic;
  if (isEmpty(topic) || isTooFew(topic) || !isPauseOver(topic.reportedAtMs, nowMs)) return null;
  return {
    topic: { ...topic, counts: {}, reportedAtMs: nowMs },
    event: { type, subject, sinceMs, counts },
  };
}

/** A pair that is over before operators were told of it is one event: what is down now, or up. */
export function hasNews(topic: Topic): boolean {
  if (topic.kind === "repeated") return !isEmpty(topic);
  return topic.isDown !== topic.isReportedDown || topic.outages > 0;
}

function isEmpty({ counts }: Repeated): boolean {
  return Object.values(counts).every((n) => n === 0);
}

function isTooFew({ name, counts }: Repeated): boolean {
  return name === "storage.failing" && (counts["failures"] ?? 0) < MIN_FAILURES;
}

function isStale(topic: Repeated, nowMs: number): boolean {
  return isTooFew(topic) && nowMs - topic.sinceMs >= PAUSE_MS;
}

// A clock that stepped back makes no pause longer.
function isPauseOver(lastAtMs: number | null, nowMs: number): boolean {
  return lastAtMs === null || nowMs < lastAtMs || nowMs - lastAtMs >= PAUSE_MS;
}
