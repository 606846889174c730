// What the sums of a minute say of what breaks. Pure.
import { BUCKETS_A_DOUBLING, type Histogram } from "../../platform/observability/histogram.ts";
import type { Sums } from "../../platform/observability/sums.ts";
import type { OverdueRow } from "../index-store.ts";
import type { Counts, Observation, RepeatedName, SwitchSeen, Topic } from "./topics.ts";

const MIN_ASKED = 10;
/** A message that waited for so long in the queue is late. */
const LATE_MS = 30_000;
/** Of a start or a read, when the upstream was asked and answered. */
const ANSWERED = ["accepted", "over_limit", "failed_open", "upstream_refused", "waiting", "read", "passed"];

/** Of a minute that is over; each minute is read once. */
export function readMinute(sums: Sums, sinceMs: number): Observation[] {
  const repeated = (name: RepeatedName, subject: string, counts: Counts) => ({
    name,
    subject,
    counts,
    sinceMs,
  });
  const refused = countRequests(sums.requests, ({ outcome }) => outcome === "full");
  const late = countLate(sums.queuedMs);
  return [
    ...[...sums.dead].map(([host, n]) => repeated("host.dead_letters", host, { dead_letters: n })),
    ...[...sums.storage].map(([store, n]) => repeated("storage.failing", store, { failures: n })),
    ...(refused > 0 ? [repeated("gate.full", "", { refused })] : []),
    ...(late === null ? [] : [repeated("queue.late", "", late)]),
  ];
}

/** Isolates may report later than that what came before. */
const LATEST_SUMS_MS = 5 * 60_000;

/** Hosts that are down and took a callback all the same: their breakers may have forgotten that they were open. */
export function readRecoveries(
  topics: readonly Topic[],
  atMs: number,
  { acknowledged }: Sums,
): Observation[] {
  return topics.flatMap(({ name, subject, sinceMs, ...topic }) =>
    topic.kind === "switch" &&
    topic.isDown &&
    atMs >= sinceMs + LATEST_SUMS_MS &&
    acknowledged.has(subject) &&
    name === "host"
      ? [{ name, subject, isDown: false, counts: {} }]
      : [],
  );
}

function countLate(queuedMs: Histogram): Counts | null {
  const late = [...queuedMs].filter(([bucket]) => startOf(bucket) >= LATE_MS);
  if (late.length === 0) return null;
  const messages = late.reduce((sum, [, n]) => sum + n, 0);
  const longestMs = Math.max(...late.map(([bucket]) => startOf(bucket)));
  return { messages, longest_seconds: Math.round(longestMs / 1000) };
}

/**
 * Whether the upstream fails: most of ten starts and reads of a minute did, or it does not. The running minute decides when it
 * has as many; otherwise the last one, of which a single answer is enough for "up". Null: neither says anything.
 */
export function judgeUpstream(last: Sums, running: Sums): SwitchSeen | null {
  return judgeMinute(running, MIN_ASKED) ?? judgeMinute(last, 1);
}

function judgeMinute({ requests }: Sums, minAsked: number): SwitchSeen | null {
  const failed = countRequests(requests, (each) => isAction(each) && each.outcome === "upstream_failed");
  const answered = countRequests(requests, (each) => isAction(each) && ANSWERED.includes(each.outcome));
  const asked = failed + answered;
  const isDown = 2 * failed > asked;
  if (asked < (isDown ? MIN_ASKED : minAsked)) return null;
  return { name: "upstream", subject: "", isDown, counts: { failed, requests: asked } };
}

/** That nothing is overdue any more is an observation too. */
export function readOverdueRows(rows: readonly Pick<OverdueRow, "runs" | "since_ms">[]): Observation {
  const runs = rows.reduce((sum, row) => sum + row.runs, 0);
  const counts = { runs, users: rows.length };
  const sinceMs = rows[0]?.since_ms;
  return { name: "runs.overdue", subject: "", counts, ...(sinceMs !== undefined && { sinceMs }) };
}

type Label = { outcome: string; route: string };

function isAction({ route }: Label): boolean {
  return route.startsWith("/actions/") && !route.includes("/deliveries");
}

function countRequests(requests: Sums["requests"], isCounted: (label: Label) => boolean): number {
  return [...requests].reduce((sum, [label, n]) => {
    const [, outcome = "", route = ""] = label.split("|");
    return isCounted({ outcome, route }) ? sum + n : sum;
  }, 0);
}

function startOf(bucket: number): number {
  return 2 ** (bucket / BUCKETS_A_DOUBLING);
}
