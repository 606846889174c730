import type { JSX } from "hono/jsx/jsx-runtime";
import { HOST_SORTS, SPANS } from "../../contract/search-values.ts";
import type { Destination, Destinations } from "../../operators/views.ts";
import { MeterFrame } from "../shell/charts.tsx";
import { Chip, type ChipTone, Empty, NextPage } from "../shell/components.tsx";
import { count, counted, duration, percent, whenDue } from "../shell/format.ts";
import { Fault, SelectField, Submit, TextField } from "../shell/forms.tsx";
import { Layout, type SearchPageProps } from "../shell/layout.tsx";
import { DESTINATIONS, deadLettersAt, errorsAt } from "../shell/links.ts";
import { type Column, Table } from "../shell/table.tsx";
import { PauseOrResume, Pauses } from "./pauses.tsx";

/** What the list is asked for. */
type HostSearch = Record<"span" | "sort" | "host", string>;

export function DestinationsPage(props: SearchPageProps<Destinations | null>): JSX.Element {
  const { frame, view, given, fault } = props;
  const { span = "day", sort = "failures", host = "" } = given;
  const search = { span, sort, host };
  return (
    <Layout
      title="Destinations"
      frame={frame}
      section="destinations"
      lead="The busiest hosts of callbacks, by the attempts made at them that failed, or by all."
    >
      <SearchForm search={search} />
      <Fault text={fault} />
      {view !== null && (
        <>
          <Pauses paused={view.paused} host={host} nowMs={frame.nowMs} />
          <Table label="Destinations" rows={view.destinations} columns={columnsAt(view, frame.nowMs)}>
            <Empty title={`No attempt in the last ${view.span}`}>
              A host appears here with the first callback to it. Nothing has to be set up.
            </Empty>
          </Table>
          <NextPage path={DESTINATIONS} query={search} cursor={view.next_cursor} label="More" />
        </>
      )}
      <p class="dim">
        When most attempts at a host fail, its breaker opens for half a minute. Then one attempt finds out
        whether the host is back. An open breaker uses up no attempt, and neither does a pause.
      </p>
    </Layout>
  );
}

function SearchForm({ search: { span, sort, host } }: { search: HostSearch }): JSX.Element {
  return (
    <form class="card" method="get" action={DESTINATIONS} role="search">
      <div class="fields">
        <SelectField label="Last" name="span" value={span} options={SPANS} isRequired />
        <SelectField label="Most" name="sort" value={sort} options={HOST_SORTS} isRequired />
        <TextField label="Host" name="host" value={host} spellcheck={false} />
      </div>
      <div class="buttons">
        <Submit>Show</Submit>
      </div>
    </form>
  );
}

function columnsAt({ paused }: Destinations, nowMs: number): Column<Destination>[] {
  const pausedHosts = new Set(paused.map(({ host }) => host));
  return [
    { title: "Host", kind: "row", variant: "wrap", cell: ({ host }) => host },
    { title: "Failures", variant: "number", cell: (each) => count(each.attempts - each.acknowledged) },
    { title: "Attempts", variant: "number", cell: ({ attempts }) => count(attempts) },
    { title: "Acknowledged", cell: (destination) => <Rate {...destination} /> },
    { title: "Mean", variant: "number", cell: (destination) => duration(destination.latency_mean_ms) },
    { title: "Breaker", cell: ({ breaker }) => <Breaker breaker={breaker} nowMs={nowMs} /> },
    {
      title: "",
      kind: "plain",
      variant: "actions",
      cell: ({ host }) => (
        <div class="buttons">
          <a href={errorsAt({ kind: "callback", host })}>Errors</a>
          <a href={deadLettersAt({ host })}>Dead letters</a>
          <PauseOrResume host={host} isPaused={pausedHosts.has(host)} />
        </div>
      ),
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

type BreakerState = Destination["breaker"];

const STATUSES: Record<BreakerState["status"], readonly [tone: ChipTone, word: string]> = {
  closed: ["good", "closed"],
  open: ["bad", "open"],
  half_open: ["warn", "half open"],
};

function Breaker({ breaker, nowMs }: { breaker: BreakerState; nowMs: number }): JSX.Element {
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
