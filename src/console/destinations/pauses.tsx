import type { JSX } from "hono/jsx/jsx-runtime";
import { MAX_PAUSE_DAYS } from "../../contract/search-values.ts";
import type { Destinations } from "../../operators/views.ts";
import { Card, Distance, Empty } from "../shell/components.tsx";
import { count } from "../shell/format.ts";
import { Confirm, Post, Submit, TextField, UntilField } from "../shell/forms.tsx";
import { PAUSE_HOST, RESUME_HOST } from "../shell/links.ts";
import { type Column, Table } from "../shell/table.tsx";

type Pause = Destinations["paused"][number];
type PausesProps = { paused: readonly Pause[]; host: string; nowMs: number };

/** Hosts that operators have paused, and the form that pauses one. `host`: the one that is searched for. */
export function Pauses({ paused, host, nowMs }: PausesProps): JSX.Element {
  return (
    <Card title="Paused hosts" note={count(paused.length)}>
      <Table label="Paused hosts" rows={paused} columns={columnsAt(nowMs)}>
        <Empty title="No host is paused">
          Pause a host while its receiver is repaired or flooded: callbacks to it wait, and none of their
          attempts is used up.
        </Empty>
      </Table>
      <Confirm label="Pause a host…">
        <p>
          No callback goes there from within 90 seconds on, until the moment or until you resume the host.
          What waits goes out within five minutes after that.
        </p>
        <form method="post" action={PAUSE_HOST}>
          <TextField label="Host to pause" name="host" value={host} required spellcheck={false} />
          <UntilField maxDays={MAX_PAUSE_DAYS} nowMs={nowMs} />
          <Submit kind="danger">Pause this host</Submit>
        </form>
      </Confirm>
    </Card>
  );
}

function columnsAt(nowMs: number): Column<Pause>[] {
  return [
    { title: "Host", kind: "row", variant: "wrap", cell: ({ host }) => host },
    { title: "Until", cell: ({ until }) => <Distance at={until} nowMs={nowMs} /> },
    { title: "Paused by", variant: "wrap", cell: (pause) => pause.set_by },
    { title: "Since", cell: (pause) => <Distance at={pause.set_at} nowMs={nowMs} /> },
    { title: "", kind: "plain", variant: "actions", cell: ({ host }) => <Resume host={host} /> },
  ];
}

function Resume({ host }: { host: string }): JSX.Element {
  return <Post to={RESUME_HOST} fields={{ host }} label="Resume" accessibleName={`Resume ${host}`} />;
}

/** Of a host in the list: paused for an hour, or resumed. */
export function PauseOrResume({ host, isPaused }: { host: string; isPaused: boolean }): JSX.Element {
  if (isPaused) return <Resume host={host} />;
  // The name begins with what is seen, so that a user can say it (WCAG 2.5.3).
  const name = `Pause for 1 h: ${host}`;
  return <Post to={PAUSE_HOST} fields={{ host }} label="Pause for 1 h" accessibleName={name} />;
}
