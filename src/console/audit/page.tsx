import type { JSX } from "hono/jsx/jsx-runtime";
import type { AuditAction, AuditEntry, AuditPage } from "../../operators/views.ts";
import { NOTHING } from "../shell/format.ts";
import { type Frame, Layout } from "../shell/layout.tsx";
import { ROOT, redeliveryAt, runAt, userAt, withQuery } from "../shell/links.ts";
import { Distance, Empty, Heading, NextPage, OutcomeChip, Table } from "../shell/parts.tsx";

const WORDS: Record<AuditAction, string> = {
  poll: "Polled",
  redeliver: "Redelivered",
  abandon: "Abandoned",
  reset_window: "Reset the windows",
  redeliver_many: "Redelivered many",
  reindex: "Reindexed",
  sign_in: "Signed in",
};

export function AuditTrailPage({ frame, page }: { frame: Frame; page: AuditPage }): JSX.Element {
  const { entries, next_cursor: cursor } = page;
  return (
    <Layout title="Audit trail" frame={frame} section="audit">
      <Heading title="Audit trail" lead="Who did what, and when. Nothing here can be changed." />
      {entries.length === 0 ? (
        <Empty title="No actions yet">Every action on these pages is written down here.</Empty>
      ) : (
        <Table label="Audit trail" columns={["When", "Who", "What", "Target", "Detail", "Outcome"]}>
          {entries.map((entry) => (
            <tr>
              <td>
                <Distance at={entry.at} nowMs={frame.nowMs} />
              </td>
              <td data-label="Who" class="wrap">
                {entry.operator}
              </td>
              <td data-label="What">{WORDS[entry.action]}</td>
              <td data-label="Target">
                <Target entry={entry} />
              </td>
              <td data-label="Detail" class="wrap">
                {entry.detail ?? <span class="dim">{NOTHING}</span>}
              </td>
              <td data-label="Outcome">
                <OutcomeChip outcome={entry.outcome} />
              </td>
            </tr>
          ))}
        </Table>
      )}
      <NextPage href={cursor === null ? null : withQuery(`${ROOT}/audit`, { cursor })} />
    </Layout>
  );
}

function Target({ entry: { action, target } }: { entry: AuditEntry }): JSX.Element {
  if (target === null) return <span class="dim">{NOTHING}</span>;
  return (
    <a class="mono id" href={linkToTarget(action, target)} title={target}>
      {target}
    </a>
  );
}

function linkToTarget(action: AuditAction, target: string): string {
  switch (action) {
    case "poll":
    case "redeliver":
    case "abandon":
      return runAt(target, null);
    case "redeliver_many":
      return redeliveryAt(target);
    case "reset_window":
    case "reindex":
    case "sign_in":
      return userAt(target);
  }
}
