import type { JSX } from "hono/jsx/jsx-runtime";
import type { AuditAction, AuditEntry, AuditPage } from "../../operators/views.ts";
import { Distance, Empty, NextPage, Optional, OutcomeChip } from "../shell/components.tsx";
import { Layout, type PageProps } from "../shell/layout.tsx";
import { ROOT, redeliveryAt, runAt, userAt } from "../shell/links.ts";
import { type Column, Table } from "../shell/table.tsx";

const run = (target: string) => runAt(target, null);

/** What each action is called, and what its target is. */
const ACTIONS: Record<AuditAction, readonly [word: string, linkTo: (target: string) => string]> = {
  poll: ["Polled", run],
  redeliver: ["Redelivered", run],
  abandon: ["Abandoned", run],
  dismiss: ["Dismissed", run],
  dismiss_many: ["Dismissed many", redeliveryAt],
  reset_window: ["Reset the windows", userAt],
  redeliver_many: ["Redelivered many", redeliveryAt],
  reindex: ["Reindexed", userAt],
  sign_in: ["Signed in", userAt],
};

const VIA: Record<AuditEntry["via"], string> = {
  access: "Cloudflare Access",
  authorization: "API token",
  session: "Session",
};

export function AuditTrailPage({ frame, view }: PageProps<AuditPage>): JSX.Element {
  const { entries, next_cursor: cursor } = view;
  return (
    <Layout
      title="Audit trail"
      frame={frame}
      section="audit"
      lead="Who did what, and when. Nothing here can be changed."
    >
      <Table label="Audit trail" rows={entries} columns={columnsAt(frame.nowMs)}>
        <Empty title="No actions yet">Every action on these pages is written down here.</Empty>
      </Table>
      <NextPage path={`${ROOT}/audit`} cursor={cursor} />
    </Layout>
  );
}

function columnsAt(nowMs: number): Column<AuditEntry>[] {
  return [
    { title: "When", kind: "plain", cell: ({ at }) => <Distance at={at} nowMs={nowMs} /> },
    { title: "Who", variant: "wrap", cell: ({ operator }) => operator },
    { title: "By", cell: ({ via }) => VIA[via] },
    { title: "What", cell: ({ action }) => ACTIONS[action][0] },
    { title: "Target", cell: (entry) => <Target entry={entry} /> },
    { title: "Detail", variant: "wrap", cell: ({ detail }) => <Optional text={detail} /> },
    { title: "Outcome", cell: ({ outcome }) => <OutcomeChip outcome={outcome} /> },
  ];
}

function Target({ entry: { action, target } }: { entry: AuditEntry }): JSX.Element {
  if (target === null) return <Optional text={null} />;
  const [, linkTo] = ACTIONS[action];
  return (
    <a class="mono id" href={linkTo(target)} title={target}>
      {target}
    </a>
  );
}
