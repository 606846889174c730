import type { JSX } from "hono/jsx/jsx-runtime";
import type { Destination, Destinations } from "../../operators/views.ts";
import { MeterFrame } from "../shell/charts.tsx";
import { Chip, type ChipTone, Empty } from "../shell/components.tsx";
import { count, counted, duration, percent, whenDue } from "../shell/format.ts";
import { Layout, type PageProps } from "../shell/layout.tsx";
import { deadLettersAt } from "../shell/links.ts";
import { type Column, Table } from "../shell/table.tsx";

export function DestinationsPage({ frame, view }: PageProps<Destinations>): JSX.Element {
  return (
    <Layout
      title="Destinations"
      frame={frame}
      section="destinations"
      lead="The busiest hosts of the last day, by the attempts made at them."
    >
      <Table label="Destinations" rows={view.destinations} columns={columnsAt(frame.nowMs)}>
        <Empty title="No attempt is on record">
          A host appears here with the first callback to it. Nothing has to be set up.
        </Empty>
      </Table>
      <p class="dim">
        When most attempts at a host fail, its breaker opens for half a minute. Then one attempt finds out
        whether the host is back. An open breaker uses up no attempt.
      </p>
    </Layout>
  );
}

function columnsAt(nowMs: number): Column<Destination>[] {
  return [
    { title: "Host", kind: "row", variant: "wrap", cell: ({ host }) => host },
    { title: "Attempts", variant: "number", cell: ({ attempts }) => count(attempts) },
    { title: "Acknowledged", cell: (destination) => <Rate {...destination} /> },
    { title: "Mean", variant: "number", cell: (destination) => duration(destination.latency_mean_ms) },
    { title: "Breaker", cell: ({ breaker }) => <Breaker breaker={breaker} nowMs={nowMs} /> },
    {
      title: "",
      kind: "plain",
      variant: "actions",
      cell: ({ host }) => <a href={deadLettersAt({ host })}>Dead letters</a>,
    },
  ];
}

/** Good and bad side by side. */
function Rate({ acknowledged: good, attempts: all }: Destination): JSX.Element {
  const rate = percent(good, all);
  const width = all === 0 ? 0 : Math.round((good / all) * 1000) / 10;
  return (
    <div class="rate">
      <MeterFrame label={`${rate} acknowledged`}>
        <rect class={all === 0 ? undefined : "bad"} width="100" height="4" />
        <rect class="good" width={width} height="4" />
      </MeterFrame>
      <span class="number">{rate}</span>
    </div>
  );
}

type BreakerState = NonNullable<Destination["breaker"]>;

const STATUSES: Record<BreakerState["status"], readonly [tone: ChipTone, word: string]> = {
  closed: ["good", "closed"],
  open: ["bad", "open"],
  half_open: ["warn", "half open"],
};

function Breaker({ breaker, nowMs }: { breaker: Destination["breaker"]; nowMs: number }): JSX.Element {
  if (breaker === null) return <span class="dim">not asked</span>;
  const { status, until, open_for_users: openForUsers } = breaker;
  const [tone, word] = STATUSES[status];
  return (
    <>
      <Chip tone={tone}>{word}</Chip>
      {until !== null && status !== "closed" && (
        <span class="dim"> next attempt {whenDue(until, nowMs)}</span>
      )}
      {openForUsers > 0 && <span class="dim">{` open for ${counted(openForUsers, "user")}`}</span>}
    </>
  );
}
