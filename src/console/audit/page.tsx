import type { JSX } from "hono/jsx/jsx-runtime";
import { AUDIT_ACTIONS } from "../../contract/search-values.ts";
import type { AuditAction, AuditEntry, AuditPage } from "../../operators/views.ts";
import { Distance, Empty, NextPage, Optional, OutcomeChip } from "../shell/components.tsx";
import { Fault, SelectField, Submit, TextField, TimeField } from "../shell/forms.tsx";
import { Layout, type SearchPageProps } from "../shell/layout.tsx";
import { destinationAt, ROOT, redeliveryAt, runAt, userAt } from "../shell/links.ts";
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
  block_user: ["Blocked a user", userAt],
  limit_user: ["Set a user's limit", userAt],
  lift_user: ["Lifted a block or limit", userAt],
  pause_host: ["Paused a host", destinationAt],
  resume_host: ["Resumed a host", destinationAt],
  redeliver_many: ["Redelivered many", redeliveryAt],
  reindex: ["Reindexed", userAt],
  sign_in: ["Signed in", userAt],
  sign_out: ["Signed out", userAt],
};

const VIA: Record<AuditEntry["via"], string> = {
  access: "Cloudflare Access",
  authorization: "API token",
  session: "Session",
};

const AUDIT = `${ROOT}/audit`;

type AuditSearch = Record<"operator" | "action" | "target" | "from" | "to", string>;

export function AuditTrailPage({
  frame,
  view,
  given,
  fault,
}: SearchPageProps<AuditPage | null>): JSX.Element {
  const { operator = "", action = "", target = "", from = "", to = "" } = given;
  const search = { operator, action, target, from, to };
  return (
    <Layout
      title="Audit trail"
      frame={frame}
      section="audit"
      lead="Who did what, and when. Nothing here can be changed."
    >
      <Fault text={fault} />
      <SearchForm search={search} />
      {view !== null && (
        <>
          <Table label="Audit trail" rows={view.entries} columns={columnsAt(frame.nowMs)}>
            <NoEntries search={search} />
          </Table>
          <NextPage path={AUDIT} query={search} cursor={view.next_cursor} />
        </>
      )}
    </Layout>
  );
}

function SearchForm({ search }: { search: AuditSearch }): JSX.Element {
  return (
    <form class="card" method="get" action={AUDIT}>
      <div class="fields">
        <TextField label="Who" name="operator" value={search.operator} spellcheck={false} />
        <SelectField label="What" name="action" value={search.action} options={AUDIT_ACTIONS} />
        <TextField label="Target" name="target" value={search.target} spellcheck={false} />
        <TimeField label="From (UTC)" name="from" value={search.from} />
        <TimeField label="Before (UTC)" name="to" value={search.to} />
      </div>
      <div class="buttons">
        <Submit>Show</Submit>
      </div>
    </form>
  );
}

function NoEntries({ search }: { search: AuditSearch }): JSX.Element {
  if (Object.values(search).some((text) => text !== ""))
    return <Empty title="No action is like that">Take a condition away, or widen the time.</Empty>;
  return (
    <Empty title="No actions yet">
      Open a run or a dead letter first: what an operator does there is written down here, with who did it.
    </Empty>
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
