import type { JSX } from "hono/jsx/jsx-runtime";
import type { Destination, Destinations } from "../../operators/views.ts";
import { MeterFrame } from "../shell/charts.tsx";
import { count, counted, duration, percent, whenDue } from "../shell/format.ts";
import { type Frame, Layout } from "../shell/layout.tsx";
import { deadLettersAt } from "../shell/links.ts";
import { Chip, type ChipTone, Empty, Heading, Table } from "../shell/parts.tsx";

type DestinationsProps = { frame: Frame; view: Destinations };

const COLUMNS = [
  "Host",
  { number: "Attempts" },
  "Acknowledged",
  { number: "Mean" },
  "Breaker",
  { control: "" },
];

export function DestinationsPage({ frame, view }: DestinationsProps): JSX.Element {
  const { destinations } = view;
  return (
    <Layout title="Destinations" frame={frame} section="destinations">
      <Heading title="Destinations" lead="The busiest hosts of the last day, by the attempts made at them." />
      {destinations.length === 0 ? (
        <Empty title="No attempt is on record">
          A host appears here with the first callback to it. Nothing has to be set up.
        </Empty>
      ) : (
        <Table label="Destinations" columns={COLUMNS}>
          {destinations.map((destination) => (
            <Row destination={destination} nowMs={frame.nowMs} />
          ))}
        </Table>
      )}
      <p class="dim">
        A host whose attempts mostly fail rests for half a minute, then one attempt finds out whether it is
        back. A rest uses up no attempt.
      </p>
    </Layout>
  );
}

function Row({ destination, nowMs }: { destination: Destination; nowMs: number }): JSX.Element {
  const { host, attempts, acknowledged, latency_mean_ms: meanMs } = destination;
  const rate = percent(acknowledged, attempts);
  return (
    <tr>
      <th scope="row" class="wrap">
        {host}
      </th>
      <td data-label="Attempts" class="number">
        {count(attempts)}
      </td>
      <td data-label="Acknowledged">
        <div class="rate">
          <RateBar label={`${rate} acknowledged`} good={acknowledged} all={attempts} />
          <span class="number">{rate}</span>
        </div>
      </td>
      <td data-label="Mean" class="number">
        {duration(meanMs)}
      </td>
      <td data-label="Breaker">
        <Breaker breaker={destination.breaker} nowMs={nowMs} />
      </td>
      <td class="actions">
        <a href={deadLettersAt(host)}>Dead letters</a>
      </td>
    </tr>
  );
}

/** Good and bad side by side. */
function RateBar({ label, good, all }: { label: string; good: number; all: number }): JSX.Element {
  const width = all === 0 ? 0 : Math.round((good / all) * 1000) / 10;
  return (
    <MeterFrame label={label}>
      <rect class={all === 0 ? undefined : "bad"} width="100" height="4" />
      <rect class="good" width={width} height="4" />
    </MeterFrame>
  );
}

const TONES: Record<Destination["breaker"]["status"], ChipTone> = {
  closed: "good",
  open: "bad",
  half_open: "warn",
};

const WORDS: Record<Destination["breaker"]["status"], string> = {
  closed: "in use",
  open: "paused",
  half_open: "being tried",
};

function Breaker({ breaker, nowMs }: { breaker: Destination["breaker"]; nowMs: number }): JSX.Element {
  const { status, until, users_resting: resting } = breaker;
  return (
    <>
      <Chip tone={TONES[status]}>{WORDS[status]}</Chip>
      {until !== null && status !== "closed" && (
        <span class="dim"> next attempt {whenDue(until, nowMs)}</span>
      )}
      {resting > 0 && <span class="dim">{` paused for ${counted(resting, "user")}`}</span>}
    </>
  );
}
