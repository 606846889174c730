// The charts of the overview: a number of the whole span, and how it came about over time.
import type { JSX } from "hono/jsx/jsx-runtime";
import type { Overview, Stats } from "../../operators/views.ts";
import { BarChart, Legend, LineChart, type Series } from "../shell/charts.tsx";
import { bucketTime, count, counted, day, duration, percent, timeOfDay } from "../shell/format.ts";
import { DEAD_LETTERS, errorsAt } from "../shell/links.ts";
import { Stat } from "./overview-splits.tsx";

type Line = readonly [name: string, tone: Series["tone"], value: (bucket: Stats) => number | null];

type Chart = {
  title: string;
  number: (totals: Stats) => string;
  /** Beside the number. */
  side: (totals: Stats, overview: Overview, nowMs: number) => JSX.Element | string;
  /** What the chart shows, for screen readers. */
  label: (totals: Stats) => string;
  /** What each bucket says when it is pointed at. */
  say: (bucket: Stats) => string;
  lines: readonly Line[];
  /** Lines instead of bars: what the axis says, and its top where that is given. */
  curves?: { value: (value: number) => string; top?: number };
};

type ChartCardProps = { chart: Chart; overview: Overview; nowMs: number };

export function ChartCard({ chart, overview, nowMs }: ChartCardProps): JSX.Element {
  const { totals, span, from, to, buckets } = overview;
  const series = chart.lines.map(
    ([name, tone, value]): Series => ({ name, tone, values: buckets.map(value) }),
  );
  const props = {
    label: chart.label(totals),
    titles: buckets.map((bucket) => `${bucketTime(bucket.at, span)}: ${chart.say(bucket)}`),
    from,
    to,
    moment: span === "week" ? day : timeOfDay,
  };
  return (
    <Stat title={chart.title} number={chart.number(totals)} side={chart.side(totals, overview, nowMs)}>
      {chart.curves === undefined ? (
        <BarChart {...props} series={series} value={count} />
      ) : (
        // The first is drawn last, above the others.
        <LineChart {...props} series={series.toReversed()} {...chart.curves} />
      )}
      <Legend series={series} />
    </Stat>
  );
}

export const REQUESTS: Chart = {
  title: "Requests",
  number: ({ requests }) => count(requests),
  side: (totals, overview, nowMs) => (
    <>
      {`${perMinute(overview, nowMs)} a minute, `}
      <a href={errorsAt({})}>{`${percent(failures(totals), totals.requests)} answered 5xx`}</a>
    </>
  ),
  label: (totals) =>
    `Requests over time: ${count(totals.requests)} in all, ${count(totals.status_429)} of them answered 429, ${count(totals.status_503)} answered 503, ${count(totals.status_5xx)} another 5xx.`,
  say: (b) =>
    `${counted(b.requests, "request")}, ${count(b.status_429)} answered 429, ${count(b.status_503)} answered 503, ${count(b.status_5xx)} another 5xx`,
  lines: [
    ["2xx, 3xx", "good", (b) => b.status_2xx + b.status_3xx],
    ["4xx", "soft", (b) => b.status_4xx],
    ["429", "warn", (b) => b.status_429],
    ["503", "bad", (b) => b.status_503],
    ["Other 5xx", "worst", (b) => b.status_5xx],
  ],
};

const MINUTE_MS = 60_000;

/** Of the time in which anything was counted, a minute at least: the span may end later than now. */
export function perMinute({ totals, from, to, counted_since: since }: Overview, nowMs: number): string {
  const fromMs = Math.max(Date.parse(from), Date.parse(since));
  const minutes = Math.max(1, (Math.min(Date.parse(to), nowMs) - fromMs) / MINUTE_MS);
  return (totals.requests / minutes).toLocaleString("en", { maximumSignificantDigits: 2 });
}

function failures(stats: Stats): number {
  return stats.status_5xx + stats.status_503;
}

export const GATEWAY_LATENCY = latency("Gateway", "Time that the gateway adds to the upstream's", "gateway");
export const DELIVERY_LATENCY = latency("Delivery", "Time from the end of a run to its delivery", "latency");

function latency(whose: string, what: string, measured: "gateway" | "latency"): Chart {
  const median = (stats: Stats) => stats[`${measured}_p50_ms`];
  const high = (stats: Stats) => stats[`${measured}_p99_ms`];
  return {
    title: `${whose} latency`,
    number: (totals) => duration(median(totals)),
    side: (totals) => `p99 ${duration(high(totals))}`,
    label: (totals) =>
      `${what}: median ${duration(median(totals))}, 99th percentile ${duration(high(totals))}.`,
    say: (b) => `median ${duration(median(b))}, p99 ${duration(high(b))}`,
    lines: [
      ["Median", "accent", median],
      ["99th percentile", "soft", high],
    ],
    curves: { value: duration },
  };
}

export const ATTEMPTS: Chart = {
  title: "Delivery attempts",
  number: ({ attempts }) => count(attempts),
  side: ({ attempts, attempts_failed: failed }) => `${percent(failed, attempts)} failed`,
  label: ({ attempts, attempts_failed: failed, aborted }) =>
    `Delivery attempts over time: ${count(attempts)} in all, ${count(failed)} of them failed, ${count(aborted)} not wanted.`,
  say: (b) =>
    `${counted(b.attempts, "attempt")}, ${count(b.attempts_failed)} failed, ${count(b.aborted)} not wanted`,
  lines: [
    ["Succeeded", "good", succeeded],
    ["Not wanted", "soft", (b) => b.aborted],
    ["Failed", "bad", (b) => b.attempts_failed],
  ],
};

export const RUNS: Chart = {
  title: "Runs ended",
  number: ({ runs }) => count(runs),
  side: ({ runs, errors, abandoned }) => `${percent(errors + abandoned, runs)} without success`,
  label: ({ runs, errors, abandoned }) =>
    `Runs ended over time: ${count(runs)} in all, ${count(errors)} of them errors, ${count(abandoned)} abandoned.`,
  say: (b) => `${counted(b.runs, "run")}, ${counted(b.errors, "error")}, ${count(b.abandoned)} abandoned`,
  lines: [
    ["Success", "good", (b) => b.runs - b.errors - b.abandoned],
    ["Error", "bad", (b) => b.errors],
    ["Abandoned", "soft", (b) => b.abandoned],
  ],
};

export const SUCCESS: Chart = {
  title: "Callback success",
  number: successRate,
  side: partSucceeded,
  label: (totals) =>
    `Share of delivery attempts that succeeded over time: ${successRate(totals)} on the whole.`,
  say: (b) => `${successRate(b)} (${partSucceeded(b)})`,
  lines: [["Attempts that succeeded", "accent", successPercent]],
  curves: { value: (value) => `${value} %`, top: 100 },
};

function successRate(stats: Stats): string {
  return percent(succeeded(stats), stats.attempts);
}

function partSucceeded(stats: Stats): string {
  return `${count(succeeded(stats))} of ${counted(stats.attempts, "attempt")}`;
}

/** A receiver that wants no more, by a 410 or `abort-message`, has taken nothing. */
function succeeded({ attempts, attempts_failed: failed, aborted }: Stats): number {
  return Math.max(0, attempts - failed - aborted);
}

function successPercent(stats: Stats): number | null {
  return stats.attempts === 0 ? null : (succeeded(stats) / stats.attempts) * 100;
}

export const DEAD: Chart = {
  title: "Dead letters",
  number: ({ dead }) => count(dead),
  side: () => <a href={DEAD_LETTERS}>All dead letters</a>,
  label: ({ dead }) => `Dead letters over time: ${count(dead)} in all.`,
  say: ({ dead }) => counted(dead, "dead letter"),
  lines: [["Dead letters", "bad", ({ dead }) => dead]],
};

export const CHARGES: Chart = {
  title: "Charges",
  number: ({ charges }) => count(charges),
  side: ({ charges }) => (charges === 1 ? "task" : "tasks"),
  label: ({ charges }) => `Tasks charged over time: ${count(charges)} in all.`,
  say: ({ charges }) => counted(charges, "task"),
  lines: [["Tasks charged", "accent", ({ charges }) => charges]],
};
