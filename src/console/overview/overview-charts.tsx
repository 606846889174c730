// The charts of the overview: a number, and how it came about over time.
import type { JSX } from "hono/jsx/jsx-runtime";
import type { Overview } from "../../operators/views.ts";
import { BarChart, Legend, LineChart, type Series } from "../shell/charts.tsx";
import { bucketTime, count, counted, day, duration, percent, timeOfDay } from "../shell/format.ts";
import { ROOT } from "../shell/links.ts";
import { Stat } from "./stat.tsx";

type Bucket = Overview["buckets"][number];

export function Requests({ totals, ...rest }: Overview): JSX.Element {
  const served = series("2xx, 3xx", "good", rest, (b) => b.status_2xx + b.status_3xx);
  const refused = series("4xx", "soft", rest, (b) => b.status_4xx + b.status_429);
  const failed = series("5xx", "bad", rest, failures);
  return (
    <Stat
      title="Requests"
      number={count(totals.requests)}
      side={`${percent(failures(totals), totals.requests)} are 5xx`}
    >
      <BarChart
        {...axes(rest)}
        label={`Requests over time: ${count(totals.requests)} in all, ${count(failures(totals))} of them answered 5xx.`}
        titles={titles(rest, (b) => `${counted(b.requests, "request")}, ${count(failures(b))} answered 5xx`)}
        series={[served, refused, failed]}
        value={count}
      />
      <Legend of={[served, refused, failed]} />
    </Stat>
  );
}

function failures(stats: Pick<Bucket, "status_5xx" | "status_503">): number {
  return stats.status_5xx + stats.status_503;
}

export function GatewayLatency({ totals, ...rest }: Overview): JSX.Element {
  const p50 = series("Median", "accent", rest, ({ gateway_p50_ms: ms }) => ms);
  const p99 = series("99th percentile", "soft", rest, ({ gateway_p99_ms: ms }) => ms);
  const [median, high] = [duration(totals.gateway_p50_ms), duration(totals.gateway_p99_ms)];
  return (
    <Stat title="Gateway latency" number={median} side={`p99 ${high}`}>
      <LineChart
        {...axes(rest)}
        label={`Time that the gateway adds to the upstream's: median ${median}, 99th percentile ${high}.`}
        titles={titles(
          rest,
          (b) => `median ${duration(b.gateway_p50_ms)}, p99 ${duration(b.gateway_p99_ms)}`,
        )}
        series={[p99, p50]}
        value={duration}
      />
      <Legend of={[p50, p99]} />
    </Stat>
  );
}

export function Attempts({ totals, ...rest }: Overview): JSX.Element {
  const good = series("Succeeded", "good", rest, ({ attempts, attempts_failed: bad }) => attempts - bad);
  const bad = series("Failed", "bad", rest, ({ attempts_failed: failed }) => failed);
  return (
    <Stat
      title="Delivery attempts"
      number={count(totals.attempts)}
      side={`${percent(totals.attempts_failed, totals.attempts)} failed`}
    >
      <BarChart
        {...axes(rest)}
        label={`Delivery attempts over time: ${count(totals.attempts)} in all, ${count(totals.attempts_failed)} of them failed.`}
        titles={titles(rest, (b) => `${counted(b.attempts, "attempt")}, ${count(b.attempts_failed)} failed`)}
        series={[good, bad]}
        value={count}
      />
      <Legend of={[good, bad]} />
    </Stat>
  );
}

export function Runs({ totals, ...rest }: Overview): JSX.Element {
  const succeeded = series("Success", "good", rest, (b) => b.runs - b.errors - b.abandoned);
  const failed = series("Error", "bad", rest, ({ errors }) => errors);
  const abandoned = series("Abandoned", "soft", rest, (b) => b.abandoned);
  return (
    <Stat
      title="Runs ended"
      number={count(totals.runs)}
      side={`${percent(totals.errors + totals.abandoned, totals.runs)} without success`}
    >
      <BarChart
        {...axes(rest)}
        label={`Runs ended over time: ${count(totals.runs)} in all, ${count(totals.errors)} of them errors, ${count(totals.abandoned)} abandoned.`}
        titles={titles(
          rest,
          (b) => `${counted(b.runs, "run")}, ${counted(b.errors, "error")}, ${count(b.abandoned)} abandoned`,
        )}
        series={[succeeded, failed, abandoned]}
        value={count}
      />
      <Legend of={[succeeded, failed, abandoned]} />
    </Stat>
  );
}

export function Callbacks({ totals, ...rest }: Overview): JSX.Element {
  const rate = series("Delivered, of all that came to an end", "accent", rest, (b) => {
    const settled = b.delivered + b.dead + b.aborted;
    return settled === 0 ? null : (b.delivered / settled) * 100;
  });
  const settled = totals.delivered + totals.dead + totals.aborted;
  return (
    <Stat
      title="Callback success"
      number={percent(totals.delivered, settled)}
      side={`${count(totals.delivered)} of ${count(settled)}`}
    >
      <LineChart
        {...axes(rest)}
        label={`Callback success over time: ${percent(totals.delivered, settled)} on the whole.`}
        titles={titles(rest, (b) => {
          const ended = b.delivered + b.dead + b.aborted;
          return `${percent(b.delivered, ended)} (${count(b.delivered)} of ${count(ended)})`;
        })}
        series={[rate]}
        value={(value) => `${value} %`}
        top={100}
      />
      <Legend of={[rate]} />
    </Stat>
  );
}

export function DeliveryLatency({ totals, ...rest }: Overview): JSX.Element {
  const p50 = series("Median", "accent", rest, ({ latency_p50_ms: ms }) => ms);
  const p99 = series("99th percentile", "soft", rest, ({ latency_p99_ms: ms }) => ms);
  return (
    <Stat
      title="Delivery latency"
      number={duration(totals.latency_p50_ms)}
      side={`p99 ${duration(totals.latency_p99_ms)}`}
    >
      <LineChart
        {...axes(rest)}
        label={`Time from the end of a run to its delivery: median ${duration(totals.latency_p50_ms)}, 99th percentile ${duration(totals.latency_p99_ms)}.`}
        titles={titles(
          rest,
          (b) => `median ${duration(b.latency_p50_ms)}, p99 ${duration(b.latency_p99_ms)}`,
        )}
        series={[p99, p50]}
        value={duration}
      />
      <Legend of={[p50, p99]} />
    </Stat>
  );
}

export function Dead({ totals, ...rest }: Overview): JSX.Element {
  const dead = series("Dead letters", "bad", rest, (bucket) => bucket.dead);
  return (
    <Stat
      title="Dead letters"
      number={count(totals.dead)}
      side={totals.dead > 0 ? <a href={`${ROOT}/dead-letters`}>Look at them</a> : "none"}
    >
      <BarChart
        {...axes(rest)}
        label={`Dead letters over time: ${count(totals.dead)} in all.`}
        titles={titles(rest, (bucket) => counted(bucket.dead, "dead letter"))}
        series={[dead]}
        value={count}
      />
      <Legend of={[dead]} />
    </Stat>
  );
}

export function Charges({ totals, ...rest }: Overview): JSX.Element {
  const charges = series("Tasks charged", "accent", rest, (bucket) => bucket.charges);
  return (
    <Stat title="Charges" number={count(totals.charges)} side={totals.charges === 1 ? "task" : "tasks"}>
      <BarChart
        {...axes(rest)}
        label={`Tasks charged over time: ${count(totals.charges)} in all.`}
        titles={titles(rest, (bucket) => counted(bucket.charges, "task"))}
        series={[charges]}
        value={count}
      />
      <Legend of={[charges]} />
    </Stat>
  );
}

type Buckets = Pick<Overview, "span" | "from" | "to" | "buckets">;

function series(
  name: string,
  look: Series["look"],
  { buckets }: Buckets,
  valueOf: (bucket: Bucket) => number | null,
): Series {
  return { name, look, values: buckets.map(valueOf) };
}

function axes({ span, from, to }: Buckets) {
  return { from, to, moment: span === "week" ? day : timeOfDay };
}

function titles({ span, buckets }: Buckets, say: (bucket: Bucket) => string): string[] {
  return buckets.map((bucket) => `${bucketTime(bucket.at, span)}: ${say(bucket)}`);
}
