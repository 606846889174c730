// The cards of the overview: a number, and the chart of how it came about.
import type { JSX } from "hono/jsx/jsx-runtime";
import type { Figures, Overview } from "../../../console/views.ts";
import { BarChart, Legend, LineChart, type Series } from "../charts.tsx";
import { bucketTime, count, counted, day, duration, percent, timeOfDay } from "../format.ts";
import { ROOT } from "../links.ts";

type Bucket = Overview["buckets"][number];

export function Runs({ totals, ...rest }: Overview): JSX.Element {
  const good = series("Success", "ok", rest, ({ runs, errors }) => runs - errors);
  const bad = series("Error", "bad", rest, ({ errors }) => errors);
  return (
    <Figure title="Runs" number={count(totals.runs)} side={`${percent(totals.errors, totals.runs)} errors`}>
      <BarChart
        {...axes(rest)}
        label={`Runs over time: ${count(totals.runs)} in all, ${count(totals.errors)} of them errors.`}
        titles={titles(rest, (b) => `${counted(b.runs, "run")}, ${counted(b.errors, "error")}`)}
        series={[good, bad]}
        value={count}
      />
      <Legend of={[good, bad]} />
    </Figure>
  );
}

export function Callbacks({ totals, ...rest }: Overview): JSX.Element {
  const rate = series("Delivered, of all that have an end", "accent", rest, (b) => {
    const settled = b.delivered + b.dead + b.aborted;
    return settled === 0 ? null : (b.delivered / settled) * 100;
  });
  const settled = totals.delivered + totals.dead + totals.aborted;
  return (
    <Figure
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
    </Figure>
  );
}

export function Latency({ totals, ...rest }: Overview): JSX.Element {
  const p50 = series("Median", "accent", rest, ({ latency_p50_ms: ms }) => ms);
  const p99 = series("99th percentile", "soft", rest, ({ latency_p99_ms: ms }) => ms);
  return (
    <Figure
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
    </Figure>
  );
}

export function Dead({ totals, ...rest }: Overview): JSX.Element {
  const dead = series("Dead letters", "bad", rest, (bucket) => bucket.dead);
  return (
    <Figure
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
    </Figure>
  );
}

export function Charges({ totals, ...rest }: Overview): JSX.Element {
  const charges = series("Tasks charged", "accent", rest, (bucket) => bucket.charges);
  return (
    <Figure title="Charges" number={count(totals.charges)} side={totals.charges === 1 ? "task" : "tasks"}>
      <BarChart
        {...axes(rest)}
        label={`Tasks charged over time: ${count(totals.charges)} in all.`}
        titles={titles(rest, (bucket) => counted(bucket.charges, "task"))}
        series={[charges]}
        value={count}
      />
      <Legend of={[charges]} />
    </Figure>
  );
}

export function Outcomes(totals: Figures): JSX.Element {
  const { callbacks } = totals;
  const lines: [name: string, value: number, path: string][] = [
    ["Delivered at the first attempt", totals.delivered_at_once, `${ROOT}/runs?state=delivered`],
    ["Delivered later", totals.delivered - totals.delivered_at_once, `${ROOT}/runs?state=delivered`],
    ["Still being tried", totals.retrying, `${ROOT}/runs?state=retrying`],
    ["Dead letters", totals.dead, `${ROOT}/runs?state=dead`],
    ["The receiver wants no more", totals.aborted, `${ROOT}/runs?state=aborted`],
  ];
  return (
    <section class="card figure">
      <h2>Callbacks</h2>
      <p class="figure-number">
        <strong>{count(callbacks)}</strong>
        <span class="dim">owed</span>
      </p>
      <table class="split">
        <caption class="visually-hidden">How the callbacks stand</caption>
        <tbody>
          {lines.map(([name, value, path]) => (
            <tr>
              <th scope="row">
                <a href={path}>{name}</a>
              </th>
              <td class="number">{count(value)}</td>
              <td class="number dim">{percent(value, callbacks)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

type FigureProps = {
  title: string;
  number: string;
  side: JSX.Element | string;
  children: (JSX.Element | null)[];
};

function Figure({ title, number, side, children }: FigureProps): JSX.Element {
  return (
    <section class="card figure">
      <h2>{title}</h2>
      <p class="figure-number">
        <strong>{number}</strong>
        <span class="dim">{side}</span>
      </p>
      {children}
    </section>
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
