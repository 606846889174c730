// What a chaos run is going to do, all of it said by the seed: which runs are started when, what becomes of each, and
// when who fails how. Real time then decides what meets what.
import { Random } from "./random.ts";

type Traits = {
  hasId: boolean;
  hasCallback: boolean;
  isBillable: boolean;
  /** `refused`: the upstream answers its start 402, and starts nothing. */
  end: "success" | "error" | "refused";
};

const EVERYTHING = { hasId: true, hasCallback: true, isBillable: true };

export const TRAITS = {
  plain: { hasId: false, hasCallback: false, isBillable: false, end: "success" },
  id: { hasId: true, hasCallback: false, isBillable: false, end: "success" },
  callback: { hasId: false, hasCallback: true, isBillable: false, end: "success" },
  billable: { hasId: false, hasCallback: false, isBillable: true, end: "success" },
  "billable, callback, id": { ...EVERYTHING, end: "success" },
  "ends in error": { ...EVERYTHING, end: "error" },
  refused: { ...EVERYTHING, end: "refused" },
} as const satisfies Record<string, Traits>;

export type Kind = keyof typeof TRAITS;

export type PlannedRun = {
  number: number;
  kind: Kind;
  startAtMs: number;
  user: number;
  /** Which receiver is to get it. */
  receiver: number;
  /** So many first attempts at it fail, on the best of days. */
  failedAttempts: number;
  /** So many of its starts are executed without an answer: the connection breaks. */
  brokenAnswers: number;
  answerAfterMs: number;
  /** May be earlier than the answer to its start. */
  endAfterMs: number;
  push: "at once" | "late" | "twice" | "never";
  pushAfterMs: number;
};

export type UpstreamTrouble = 503 | "hang" | "reset" | "starts, then breaks" | "starts, then hangs";

export type ReceiverTrouble = 500 | "hang" | "reset";

/** A stretch of time in which a party fails. */
export type Burst<T> = { fromMs: number; toMs: number; trouble: T };

export type Plan = {
  seed: number;
  seconds: number;
  rate: number;
  runs: PlannedRun[];
  upstream: Burst<UpstreamTrouble>[];
  /** One list a receiver. */
  receivers: Burst<ReceiverTrouble>[][];
  /** How long the gateway is up each time before it is killed. */
  uptimesMs: number[];
  healedAtMs: number;
};

export const USERS = 6;
const RECEIVERS = 3;
/** The load goes on over healed ground, so that what a kill or a fault left behind is met by traffic, too. */
const HEALED_FOR_MS = 20_000;
/** By contract a receiver that hung is left alone for a minute or a bit more: the last one hangs so long before the end. */
const NO_HANGS_FOR_MS = 35_000;

export function makePlan({ seed, seconds, rate }: Pick<Plan, "seed" | "seconds" | "rate">): Plan {
  const random = new Random(seed);
  const healedAtMs = Math.max(0, seconds * 1000 - HEALED_FOR_MS);
  const lastHangMs = seconds * 1000 - NO_HANGS_FOR_MS;
  const runs = Array.from({ length: seconds * rate }, (_, number) => plannedRun(random, number, rate));
  const upstream = bursts(random, healedAtMs, [3000, 7000], () => upstreamTrouble(random));
  const receivers = Array.from({ length: RECEIVERS }, () =>
    bursts(random, healedAtMs, [4000, 9000], (atMs) => receiverTrouble(random, atMs < lastHangMs)),
  );
  const uptimesMs = Array.from({ length: seconds }, () => random.between(500, 14_000));
  return { seed, seconds, rate, runs, upstream, receivers, uptimesMs, healedAtMs };
}

/** What ails a party at this moment, null when nothing does. */
export function troubleAt<T>(some: readonly Burst<T>[], nowMs: number): T | null {
  return some.find(({ fromMs, toMs }) => fromMs <= nowMs && nowMs < toMs)?.trouble ?? null;
}

function plannedRun(random: Random, number: number, rate: number): PlannedRun {
  const kind = random.oneOf<Kind>([
    "plain",
    "id",
    "callback",
    "callback",
    "billable",
    "billable, callback, id",
    "billable, callback, id",
    "ends in error",
    "refused",
  ]);
  return {
    number,
    kind,
    startAtMs: (number + random.next()) * (1000 / rate),
    user: Math.floor(random.next() * USERS),
    receiver: Math.floor(random.next() * RECEIVERS),
    failedAttempts: random.oneOf([0, 0, 0, 0, 0, 0, 0, 0, 1, 2]),
    brokenAnswers: random.oneOf([0, 0, 0, 0, 0, 0, 0, 0, 1, 2]),
    answerAfterMs: random.chance(0.2) ? random.between(0, 800) : 0,
    endAfterMs: random.chance(0.3) ? random.between(0, 100) : random.between(100, 4000),
    push: random.oneOf(["at once", "at once", "late", "twice", "never"]),
    pushAfterMs: random.between(1000, 6000),
  };
}

function bursts<T>(
  random: Random,
  untilMs: number,
  [shortestPauseMs, longestPauseMs]: [number, number],
  trouble: (atMs: number) => T,
): Burst<T>[] {
  const all: Burst<T>[] = [];
  for (let atMs = 0; ; ) {
    const fromMs = atMs + random.between(shortestPauseMs, longestPauseMs);
    const toMs = fromMs + random.between(500, 3500);
    if (toMs > untilMs) return all;
    all.push({ fromMs, toMs, trouble: trouble(toMs) });
    atMs = toMs;
  }
}

function upstreamTrouble(random: Random): UpstreamTrouble {
  return random.oneOf<UpstreamTrouble>([503, "hang", "reset", "starts, then breaks", "starts, then hangs"]);
}

function receiverTrouble(random: Random, mayHang: boolean): ReceiverTrouble {
  return mayHang
    ? random.oneOf<ReceiverTrouble>([500, "hang", "reset"])
    : random.oneOf<ReceiverTrouble>([500, "reset"]);
}
