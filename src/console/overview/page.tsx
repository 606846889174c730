import type { JSX } from "hono/jsx/jsx-runtime";
import type { Overview, Span } from "../../operators/views.ts";
import { bucketTime, count, dateTime, duration } from "../shell/format.ts";
import { type Frame, Layout } from "../shell/layout.tsx";
import { overviewAt } from "../shell/links.ts";
import { Empty, Heading, Table } from "../shell/parts.tsx";
import {
  Attempts,
  Callbacks,
  Charges,
  Dead,
  DeliveryLatency,
  GatewayLatency,
  Requests,
  Runs,
} from "./overview-charts.tsx";
import { Answers, Busiest, Deliveries } from "./overview-splits.tsx";

const SPANS: readonly { span: Span; title: string }[] = [
  { span: "hour", title: "Hour" },
  { span: "day", title: "Day" },
  { span: "week", title: "Week" },
];

export function OverviewPage({ frame, overview }: { frame: Frame; overview: Overview }): JSX.Element {
  const { span, from, to, totals } = overview;
  const isEmpty = totals.requests + totals.runs + totals.attempts === 0;
  return (
    <Layout title="Overview" frame={frame} section="overview">
      <Heading
        title="Overview"
        lead={`What happened from ${formatMinute(from)} to ${formatMinute(to)}, up to the last seconds.`}
      >
        <SpanSwitch span={span} />
      </Heading>
      <Incomplete {...overview} />
      {isEmpty && <NoRequests span={span} />}
      <div class="cards">
        <Requests {...overview} />
        <GatewayLatency {...overview} />
        <Answers {...totals} />
        <Runs {...overview} />
        <Callbacks {...overview} />
        <DeliveryLatency {...overview} />
        <Attempts {...overview} />
        <Dead {...overview} />
        <Deliveries {...totals} />
        <Charges {...overview} />
        <Busiest {...overview} />
      </div>
      <AsTable {...overview} />
    </Layout>
  );
}

/** While the aggregator does not answer: zeros would be wrong. */
export function UnavailableOverviewPage({ frame, span }: { frame: Frame; span: Span }): JSX.Element {
  return (
    <Layout title="Overview" frame={frame} section="overview">
      <Heading title="Overview" lead="There is nothing to show at the moment.">
        <SpanSwitch span={span} />
      </Heading>
      <p class="flash warn" role="status">
        The metrics aggregator does not answer. Requests, runs and callbacks do not depend on it; what happens
        meanwhile is counted when it is back. Reload in a minute.
      </p>
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
    <p class="flash warn" role="status">
      {Date.parse(since) > Date.parse(from)
        ? `Counting began at ${formatMinute(since)}: what happened before is not in these charts.`
        : "Some of this was counted by another version of the gateway, and is missing here."}
    </p>
  );
}

function NoRequests({ span }: { span: Span }): JSX.Element {
  return (
    <Empty title={`No requests in the last ${span}`}>
      What a gateway does is shown here some ten seconds later. Look at a longer span.
    </Empty>
  );
}

type Bucket = Overview["buckets"][number];

const COLUMNS: readonly { name: string; value: (bucket: Bucket) => string }[] = [
  { name: "Requests", value: (b) => count(b.requests) },
  { name: "429", value: (b) => count(b.status_429) },
  { name: "5xx", value: (b) => count(b.status_5xx + b.status_503) },
  { name: "Gateway p50", value: (b) => duration(b.gateway_p50_ms) },
  { name: "Gateway p99", value: (b) => duration(b.gateway_p99_ms) },
  { name: "Runs", value: (b) => count(b.runs) },
  { name: "Errors", value: (b) => count(b.errors) },
  { name: "Callbacks", value: (b) => count(b.callbacks) },
  { name: "Attempts", value: (b) => count(b.attempts) },
  { name: "Delivered", value: (b) => count(b.delivered) },
  { name: "Retrying", value: (b) => count(b.retrying) },
  { name: "Dead", value: (b) => count(b.dead) },
  { name: "p50", value: (b) => duration(b.latency_p50_ms) },
  { name: "p99", value: (b) => duration(b.latency_p99_ms) },
  { name: "Charges", value: (b) => count(b.charges) },
];

function AsTable({ span, buckets }: Overview): JSX.Element {
  return (
    <details class="as-table">
      <summary>All of this as a table</summary>
      <Table label="Stats over time" columns={["From", ...COLUMNS.map(({ name }) => ({ number: name }))]}>
        {buckets.map((bucket) => (
          <tr>
            <th scope="row">
              <time datetime={bucket.at}>{bucketTime(bucket.at, span)}</time>
            </th>
            {COLUMNS.map(({ name, value }) => (
              <td class="number" data-label={name}>
                {value(bucket)}
              </td>
            ))}
          </tr>
        ))}
      </Table>
    </details>
  );
}

function formatMinute(at: string): string {
  return dateTime(at).slice(0, 16);
}
