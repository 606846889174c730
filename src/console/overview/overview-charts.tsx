// The charts of the overview: a number, and how it came about over time.
import type { JSX } from "hono/jsx/jsx-runtime";
import type { Overview, Stats } from "../../operators/views.ts";
import { BarChart, Legend, LineChart, type Series } from "../shell/charts.tsx";
import { bucketTime, count, counted, day, duration, percent, timeOfDay } from "../shell/format.ts";
import { ROOT } from "../shell/links.ts";
import { Stat } from "./overview-splits.tsx";

type Bucket = Overview["buckets"][number];
type Line = readonly [name: string, look: Series["look"], value: (bucket: Bucket) => number | null];

type ChartCardProps = Pick<Overview, "span" | "from" | "to" | "buckets"> & {
  title: string;
  number: string;
  side: JSX.Element | string;
  /** What the chart shows, for screen readers. */
  label: string;
  /** What each bucket says when it is pointed at. */
  say: (bucket: Bucket) => string;
  lines: readonly Line[];
};

function Bars(props: ChartCardProps): JSX.Element {
  const { title, number, side } = props;
  const chart = chartProps(props);
  return (
    <Stat title={title} number={number} side={side}>
      <BarChart {...chart} value={count} />
      <Legend of={chart.series} />
    </Stat>
  );
}

type CurvesProps = ChartCardProps & { value: (value: number) => string; top?: number };

function Curves({ value, top, ...props }: CurvesProps): JSX.Element {
  const { title, number, side } = props;
  const chart = chartProps(props);
  return (
    <Stat title={title} number={number} side={side}>
      {/* The first is drawn last, above the others. */}
      <LineChart {...chart} series={chart.series.toReversed()} value={value} {...(top && { top })} />
      <Legend of={chart.series} />
    </Stat>
  );
}

function chartProps({ span, from, to, buckets, label, say, lines }: ChartCardProps) {
  const titles = buckets.map((bucket) => `${bucketTime(bucket.at, span)}: ${say(bucket)}`);
  const series: Series[] = lines.map(([name, look, value]) => ({ name, look, values: buckets.map(value) }));
  return { label, titles, series, from, to, moment: span === "week" ? day : timeOfDay };
}

export function Requests({ totals, ...rest }: Overview): JSX.Element {
  return (
    <Bars
      {...rest}
      title="Requests"
      number={count(totals.requests)}
      side={`${percent(failures(totals), totals.requests)} are 5xx`}
      label={`Requests over time: ${count(totals.requests)} in all, ${count(failures(totals))} of them answered 5xx.`}
      say={(b) => `${counted(b.requests, "request")}, ${count(failures(b))} answered 5xx`}
      lines={[
        ["2xx, 3xx", "good", (b) => b.status_2xx + b.status_3xx],
        ["4xx", "soft", (b) => b.status_4xx + b.status_429],
        ["5xx", "bad", failures],
      ]}
    />
  );
}

function failures(stats: Pick<Stats, "status_5xx" | "status_503">): number {
  return stats.status_5xx + stats.status_503;
}

type LatencyProps = Overview & {
  title: string;
  what: string;
  p50: "gateway_p50_ms" | "latency_p50_ms";
  p99: "gateway_p99_ms" | "latency_p99_ms";
};

function Latency({ totals, title, what, p50, p99, ...rest }: LatencyProps): JSX.Element {
  const [median, high] = [duration(totals[p50]), duration(totals[p99])];
  return (
    <Curves
      {...rest}
      title={title}
      number={median}
      side={`p99 ${high}`}
      label={`${what}: median ${median}, 99th percentile ${high}.`}
      say={(b) => `median ${duration(b[p50])}, p99 ${duration(b[p99])}`}
      lines={[
        ["Median", "accent", (b) => b[p50]],
        ["99th percentile", "soft", (b) => b[p99]],
      ]}
      value={duration}
    />
  );
}

export function GatewayLatency(overview: Overview): JSX.Element {
  const what = "Time that the gateway adds to the upstream's";
  return (
    <Latency {...overview} title="Gateway latency" what={what} p50="gateway_p50_ms" p99="gateway_p99_ms" />
  );
}

export function DeliveryLatency(overview: Overview): JSX.Element {
  const what = "Time from the end of a run to its delivery";
  return (
    <Latency {...overview} title="Delivery latency" what={what} p50="latency_p50_ms" p99="latency_p99_ms" />
  );
}

export function Attempts({ totals, ...rest }: Overview): JSX.Element {
  const { attempts, attempts_failed: failed } = totals;
  return (
    <Bars
      {...rest}
      title="Delivery attempts"
      number={count(attempts)}
      side={`${percent(failed, attempts)} failed`}
      label={`Delivery attempts over time: ${count(attempts)} in all, ${count(failed)} of them failed.`}
      say={(b) => `${counted(b.attempts, "attempt")}, ${count(b.attempts_failed)} failed`}
      lines={[
        ["Succeeded", "good", (b) => b.attempts - b.attempts_failed],
        ["Failed", "bad", (b) => b.attempts_failed],
      ]}
    />
  );
}

export function Runs({ totals, ...rest }: Overview): JSX.Element {
  const { runs, errors, abandoned } = totals;
  return (
    <Bars
      {...rest}
      title="Runs ended"
      number={count(runs)}
      side={`${percent(errors + abandoned, runs)} without success`}
      label={`Runs ended over time: ${count(runs)} in all, ${count(errors)} of them errors, ${count(abandoned)} abandoned.`}
      say={(b) => `${counted(b.runs, "run")}, ${counted(b.errors, "error")}, ${count(b.abandoned)} abandoned`}
      lines={[
        ["Success", "good", (b) => b.runs - b.errors - b.abandoned],
        ["Error", "bad", (b) => b.errors],
        ["Abandoned", "soft", (b) => b.abandoned],
      ]}
    />
  );
}

export function Callbacks({ totals, ...rest }: Overview): JSX.Element {
  const rate = percent(totals.delivered, settled(totals));
  const part = (stats: Stats) => `${count(stats.delivered)} of ${count(settled(stats))}`;
  return (
    <Curves
      {...rest}
      title="Callback success"
      number={rate}
      side={part(totals)}
      label={`Callback success over time: ${rate} on the whole.`}
      say={(b) => `${percent(b.delivered, settled(b))} (${part(b)})`}
      lines={[["Delivered, of all that came to an end", "accent", deliveredPercent]]}
      value={(value) => `${value} %`}
      top={100}
    />
  );
}

function settled({ delivered, dead, aborted }: Stats): number {
  return delivered + dead + aborted;
}

function deliveredPercent(stats: Stats): number | null {
  return settled(stats) === 0 ? null : (stats.delivered / settled(stats)) * 100;
}

export function Dead({ totals, ...rest }: Overview): JSX.Element {
  return (
    <Bars
      {...rest}
      title="Dead letters"
      number={count(totals.dead)}
      side={totals.dead > 0 ? <a href={`${ROOT}/dead-letters`}>Look at them</a> : "none"}
      label={`Dead letters over time: ${count(totals.dead)} in all.`}
      say={({ dead }) => counted(dead, "dead letter")}
      lines={[["Dead letters", "bad", ({ dead }) => dead]]}
    />
  );
}

export function Charges({ totals, ...rest }: Overview): JSX.Element {
  return (
    <Bars
      {...rest}
      title="Charges"
      number={count(totals.charges)}
      side={totals.charges === 1 ? "task" : "tasks"}
      label={`Tasks charged over time: ${count(totals.charges)} in all.`}
      say={({ charges }) => counted(charges, "task")}
      lines={[["Tasks charged", "accent", ({ charges }) => charges]]}
    />
  );
}
