import type { JSX } from "hono/jsx/jsx-runtime";
import type { Overview, Span } from "../../operators/views.ts";
import { Empty, Notice } from "../shell/components.tsx";
import { bucketTime, count, dateTime, duration } from "../shell/format.ts";
import { Layout, type PageProps } from "../shell/layout.tsx";
import { overviewAt } from "../shell/links.ts";
import { type Column, Table } from "../shell/table.tsx";
import { HealthStrip } from "./health-strip.tsx";
import {
  ATTEMPTS,
  CHARGES,
  ChartCard,
  DEAD,
  DELIVERY_LATENCY,
  GATEWAY_LATENCY,
  REQUESTS,
  RUNS,
  SUCCESS,
} from "./overview-charts.tsx";
import { Answers, Changes, Deliveries, Receivers, Users } from "./overview-splits.tsx";

const SPANS: readonly { span: Span; title: string }[] = [
  { span: "hour", title: "Hour" },
  { span: "day", title: "Day" },
  { span: "week", title: "Week" },
];

export function OverviewPage({ frame, view: overview }: PageProps<Overview>): JSX.Element {
  const { span, from, to, totals } = overview;
  const isEmpty = totals.requests + totals.runs + totals.attempts === 0;
  return (
    <Layout
      title="Overview"
      frame={frame}
      section="overview"
      lead={`What happened from ${formatMinute(from)} to ${formatMinute(to)}, up to the last seconds.`}
      actions={<SpanSwitch span={span} />}
      isLive
    >
      <Incomplete {...overview} />
      <HealthStrip health={overview.health} />
      {isEmpty && <NoRequests span={span} />}
      <div class="cards">
        <ChartCard chart={REQUESTS} overview={overview} nowMs={frame.nowMs} />
        <ChartCard chart={SUCCESS} overview={overview} nowMs={frame.nowMs} />
        <Users {...overview} />
        <Changes {...overview} />
        <Deliveries overview={overview} nowMs={frame.nowMs} />
        <Receivers {...overview} />
        <ChartCard chart={GATEWAY_LATENCY} overview={overview} nowMs={frame.nowMs} />
        <ChartCard chart={DELIVERY_LATENCY} overview={overview} nowMs={frame.nowMs} />
        <Answers {...totals} />
        <ChartCard chart={ATTEMPTS} overview={overview} nowMs={frame.nowMs} />
        <ChartCard chart={RUNS} overview={overview} nowMs={frame.nowMs} />
        <ChartCard chart={DEAD} overview={overview} nowMs={frame.nowMs} />
        <ChartCard chart={CHARGES} overview={overview} nowMs={frame.nowMs} />
      </div>
      <AsTable {...overview} />
    </Layout>
  );
}

/** While the aggregator does not answer: zeros would be wrong. */
export function UnavailableOverviewPage({ frame, view: span }: PageProps<Span>): JSX.Element {
  return (
    <Layout
      title="Overview"
      frame={frame}
      section="overview"
      lead="There is nothing to show at the moment."
      actions={<SpanSwitch span={span} />}
      isLive
    >
      <Notice tone="warn">
        The metrics aggregator does not answer. Requests, runs and callbacks do not depend on it; what happens
        meanwhile is counted when it is back.
      </Notice>
    </Layout>
  );
}

function SpanSwitch({ span }: { span: Span }): JSX.Element {
  return (
    <nav class="switch" aria-label="Span of time">
      {SPANS.map((each) => (
        <a href={overviewAt(each.span)} aria-current={each.span === span ? "true" : undefined}>
          {each.title}
        </a>
      ))}
    </nav>
  );
}

function Incomplete({ from, counted_since: since, complete }: Overview): JSX.Element | null {
  if (complete) return null;
  return (
    <Notice tone="warn">
      {Date.parse(since) > Date.parse(from)
        ? `Counting began at ${formatMinute(since)}: what happened before is not in these charts.`
        : "Some of this was counted by another version of the gateway, and is missing here."}
    </Notice>
  );
}

function NoRequests({ span }: { span: Span }): JSX.Element {
  return (
    <Empty title={`No requests in the last ${span}`}>
      Start a run first: <code>npm start</code> prints a command for it, and <a href="/docs">the contract</a>{" "}
      has an example for each call. What the gateway does is shown here some ten seconds later. If there was
      traffic before, look at a longer span.
    </Empty>
  );
}

type Bucket = Overview["buckets"][number];

const NUMBERS: readonly [title: string, cell: (bucket: Bucket) => string][] = [
  ["Requests", (b) => count(b.requests)],
  ["429", (b) => count(b.status_429)],
  ["5xx", (b) => count(b.status_5xx + b.status_503)],
  ["Gateway p50", (b) => duration(b.gateway_p50_ms)],
  ["Gateway p99", (b) => duration(b.gateway_p99_ms)],
  ["Runs", (b) => count(b.runs)],
  ["Errors", (b) => count(b.errors)],
  ["Callbacks", (b) => count(b.callbacks)],
  ["Attempts", (b) => count(b.attempts)],
  ["Delivered", (b) => count(b.delivered)],
  ["Retrying", (b) => count(b.retrying)],
  ["Dead", (b) => count(b.dead)],
  ["p50", (b) => duration(b.latency_p50_ms)],
  ["p99", (b) => duration(b.latency_p99_ms)],
  ["Charges", (b) => count(b.charges)],
];

function AsTable({ span, buckets }: Overview): JSX.Element {
  const from: Column<Bucket> = {
    title: "From",
    kind: "row",
    cell: ({ at }) => <time datetime={at}>{bucketTime(at, span)}</time>,
  };
  const numbers = NUMBERS.map(([title, cell]) => ({ title, variant: "number", cell }));
  return (
    <details class="as-table">
      <summary>All of this as a table</summary>
      <Table label="Stats over time" rows={buckets} columns={[from, ...numbers]} />
    </details>
  );
}

function formatMinute(at: string): string {
  return dateTime(at).slice(0, 16);
}
