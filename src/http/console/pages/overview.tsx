import type { JSX } from "hono/jsx/jsx-runtime";
import type { Overview, Span } from "../../../console/views.ts";
import { bucketTime, count, dateTime, duration } from "../format.ts";
import { type Frame, Layout } from "../layout.tsx";
import { overviewAt, ROOT } from "../links.ts";
import { Empty, Heading, Table } from "../parts.tsx";
import { Callbacks, Charges, Dead, Latency, Outcomes, Runs } from "./overview-figures.tsx";

const SPANS: readonly { span: Span; title: string }[] = [
  { span: "hour", title: "Hour" },
  { span: "day", title: "Day" },
  { span: "week", title: "Week" },
];

export function OverviewPage({ frame, overview }: { frame: Frame; overview: Overview }): JSX.Element {
  const { span, from, to, totals, complete } = overview;
  return (
    <Layout title="Overview" frame={frame} section="overview">
      <Heading
        title="Overview"
        lead={`Runs accepted from ${dateTime(from).slice(0, 16)} to ${dateTime(to).slice(0, 16)} that owed a callback or a charge.`}
      >
        <SpanSwitch span={span} />
      </Heading>
      {!complete && (
        <p class="flash flash-warn" role="status">
          Some of the hours are still being counted, and missing here. Reload in a moment.
        </p>
      )}
      {totals.runs === 0 && complete && <NoRuns span={span} />}
      <div class="cards">
        <Runs {...overview} />
        <Callbacks {...overview} />
        <Latency {...overview} />
        <Dead {...overview} />
        <Charges {...overview} />
        <Outcomes {...totals} />
      </div>
      <AsTable {...overview} />
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

function NoRuns({ span }: { span: Span }): JSX.Element {
  return (
    <Empty title={`No runs in the last ${span}`}>
      Plain runs, without a callback or a charge, are not on record. Look at a longer span, or{" "}
      <a href={`${ROOT}/runs`}>search all runs</a>.
    </Empty>
  );
}

function AsTable({ span, buckets }: Overview): JSX.Element {
  const columns = [
    "From",
    ...["Runs", "Errors", "Callbacks", "Delivered", "Dead", "Retrying", "p50", "p99", "Charges"].map(
      (number) => ({ number }),
    ),
  ];
  return (
    <details class="as-table">
      <summary>All of this as a table</summary>
      <Table label="Figures over time" columns={columns}>
        {buckets.map((b) => (
          <tr>
            <th scope="row">
              <time datetime={b.at}>{bucketTime(b.at, span)}</time>
            </th>
            <td class="number" data-label="Runs">
              {count(b.runs)}
            </td>
            <td class="number" data-label="Errors">
              {count(b.errors)}
            </td>
            <td class="number" data-label="Callbacks">
              {count(b.callbacks)}
            </td>
            <td class="number" data-label="Delivered">
              {count(b.delivered)}
            </td>
            <td class="number" data-label="Dead">
              {count(b.dead)}
            </td>
            <td class="number" data-label="Retrying">
              {count(b.retrying)}
            </td>
            <td class="number" data-label="p50">
              {duration(b.latency_p50_ms)}
            </td>
            <td class="number" data-label="p99">
              {duration(b.latency_p99_ms)}
            </td>
            <td class="number" data-label="Charges">
              {count(b.charges)}
            </td>
          </tr>
        ))}
      </Table>
    </details>
  );
}
