import type { JSX } from "hono/jsx/jsx-runtime";
import { DISMISSED, NO_HOST } from "../../contract/search-values.ts";
import type { DeadLetter, DeadLetterGroup, DeadLetters, OverdueGate } from "../../operators/views.ts";
import { formatTime } from "../../platform/date-time.ts";
import { Card, Distance, Empty, Id, NextPage, Optional, RunLink, UserLink } from "../shell/components.tsx";
import { FailureFields } from "../shell/failure-fields.tsx";
import { count, counted, dateTime } from "../shell/format.ts";
import { Confirm, DismissalField, Fault, Hidden, SelectField, Submit, TimeField } from "../shell/forms.tsx";
import { Layout, type SearchPageProps } from "../shell/layout.tsx";
import { DEAD_LETTER_LIST, DEAD_LETTERS, deadLetterListAt, runsAt } from "../shell/links.ts";
import { type Column, Table } from "../shell/table.tsx";

const REDELIVER = `${DEAD_LETTERS}/redeliver`;
const DISMISS = `${DEAD_LETTERS}/dismiss`;

/** What the list is narrowed to. */
type DeadLetterSearch = Record<"host" | "reason" | "http_status" | "dismissed" | "from" | "to", string>;

export function DeadLettersPage(props: SearchPageProps<DeadLetters | null>): JSX.Element {
  const { frame, view: deadLetters, given, fault } = props;
  const { host = "", reason = "", http_status = "", dismissed = "", from = "", to = "" } = given;
  const search = { host, reason, http_status, dismissed, from, to };
  return (
    <Layout
      title="Dead letters"
      frame={frame}
      section="dead-letters"
      lead="Runs whose callback could not be delivered, or whose end could not be read. They stay until they are sent again, or the run retention ends; dismissed ones are listed apart."
    >
      <Fault text={fault} />
      {deadLetters !== null && <Overdue search={search} deadLetters={deadLetters} nowMs={frame.nowMs} />}
      {deadLetters !== null && <Groups search={search} deadLetters={deadLetters} nowMs={frame.nowMs} />}
      <Range search={search} />
      {deadLetters !== null && (
        <DeadLetterList search={search} deadLetters={deadLetters} nowMs={frame.nowMs} />
      )}
    </Layout>
  );
}

function Overdue({ search, deadLetters, nowMs }: DeadLetterListProps): JSX.Element | null {
  const { overdue: gates, overdue_next_cursor: cursor } = deadLetters;
  if (gates.length === 0) return null;
  const columns: Column<OverdueGate>[] = [
    { title: "User", kind: "plain", cell: ({ user }) => <UserLink user={user} subject={null} /> },
    { title: "Runs", variant: "number", cell: ({ runs }) => count(runs) },
    { title: "Since", cell: ({ since }) => <Distance at={since} nowMs={nowMs} /> },
    { title: "One of them", variant: "mono", cell: (gate) => <Id id={gate.example_run_key} /> },
  ];
  return (
    <Card title="Runs overdue" note="not polled or delivered in time">
      <Table label="Users with overdue runs" rows={gates} columns={columns} />
      <NextPage path={DEAD_LETTERS} query={search} name="overdue_cursor" cursor={cursor} label="More" />
    </Card>
  );
}

function Groups({ search, deadLetters: page, nowMs }: DeadLetterListProps): JSX.Element | null {
  const { groups, dead_letters: deadLetters, complete } = page;
  if (groups.length === 0)
    return deadLetters.length > 0 ? null : <None search={search} complete={complete} />;
  const columns: Column<DeadLetterGroup>[] = [
    { title: "Host", kind: "row", cell: (group) => <Host group={group} line={toSearch(search, group)} /> },
    { title: "Why", variant: "short", cell: (group) => <Why {...group} /> },
    { title: "Dead letters", variant: "number", cell: (group) => count(group.dead_letters) },
    { title: "Oldest", cell: (group) => <Distance at={group.oldest_at} nowMs={nowMs} /> },
    { title: "Newest", cell: (group) => <Distance at={group.newest_at} nowMs={nowMs} /> },
    {
      title: "",
      kind: "plain",
      variant: "actions",
      cell: (group) => <WholeGroup group={group} line={toSearch(search, group)} complete={complete} />,
    },
  ];
  return (
    <Card title="By destination and failure" note={complete ? undefined : "older ones are not counted here"}>
      <Table label="Dead letters by destination and failure" rows={groups} columns={columns} />
      <NextPage
        path={DEAD_LETTERS}
        query={search}
        name="to"
        cursor={page.groups_next_to}
        label="Older groups"
      />
    </Card>
  );
}

function None({ search, complete }: { search: DeadLetterSearch; complete: boolean }): JSX.Element {
  if (!complete) return <Empty title="None so far">One page reads 2,000 dead letters.</Empty>;
  if (Object.values(search).some((text) => text !== ""))
    return <Empty title="No dead letter is like that">Take a condition away, or widen the time.</Empty>;
  return (
    <Empty title="No dead letters">
      Every callback was delivered, or has more attempts to come. Those are under{" "}
      <a href={runsAt({ state: "retrying" })}>runs, state retrying</a>.
    </Empty>
  );
}

/** `line`: the search that finds what the group counts. */
type GroupProps = { group: DeadLetterGroup; line: DeadLetterSearch };

function toSearch(search: DeadLetterSearch, { host, reason, status }: DeadLetterGroup): DeadLetterSearch {
  return { ...search, host: host ?? NO_HOST, reason, http_status: String(status ?? "none") };
}

/** Opens the list of the group, in view. */
function Host({ group: { host }, line }: GroupProps): JSX.Element {
  return (
    <a class="id" href={deadLetterListAt(line)}>
      {host ?? "no callback"}
    </a>
  );
}

function WholeGroup({ group, line, complete }: GroupProps & { complete: boolean }): JSX.Element {
  const runs = `${counted(group.dead_letters, "run")}${complete ? "" : " or more"}`;
  // What dies while the page stands open was not seen.
  const seen = { ...line, to: formatTime(Date.parse(group.newest_at) + 1) };
  return (
    <>
      <Confirm label="Redeliver all…">
        <p>{`Every dead letter of this line is sent again: ${runs}.`}</p>
        <form method="post" action={REDELIVER}>
          <Hidden fields={seen} />
          <Submit kind="primary" name="what" value="range">
            Send them
          </Submit>
        </form>
      </Confirm>
      {line.dismissed !== "true" && (
        <Confirm label="Dismiss all…">
          <p>{`Every dead letter of this line is dismissed: ${runs}.`}</p>
          <form method="post" action={DISMISS}>
            <Hidden fields={seen} />
            <DismissalField required />
            <Submit kind="danger" name="what" value="range">
              Dismiss them
            </Submit>
          </form>
        </Confirm>
      )}
    </>
  );
}

/** One form for two ends: to see what a host, a reason and a time hold, and to send all of it. */
function Range({ search }: { search: DeadLetterSearch }): JSX.Element {
  return (
    <form class="card" method="get" action={DEAD_LETTERS}>
      <div class="fields">
        <FailureFields {...search} />
        <SelectField
          label="Dismissed"
          name="dismissed"
          value={search.dismissed}
          options={DISMISSED}
          isRequired
        />
        <TimeField label="Dead letter from (UTC)" name="from" value={search.from} />
        <TimeField label="Dead letter before (UTC)" name="to" value={search.to} />
      </div>
      <div class="buttons">
        <Submit>Show</Submit>
        <Confirm label="Redeliver this range…">
          <p>
            Every dead letter that the fields describe is sent again, shown below or not. At least one of them
            must be filled in.
          </p>
          <Submit kind="primary" name="what" value="range" formmethod="post" formaction={REDELIVER}>
            Send them
          </Submit>
        </Confirm>
      </div>
    </form>
  );
}

type DeadLetterListProps = { search: DeadLetterSearch; deadLetters: DeadLetters; nowMs: number };

function DeadLetterList({ search, deadLetters: page, nowMs }: DeadLetterListProps): JSX.Element | null {
  const { dead_letters: deadLetters, next_cursor: cursor } = page;
  const next = <NextPage path={DEAD_LETTERS} query={search} cursor={cursor} />;
  if (deadLetters.length === 0) return next;
  return (
    <Card
      id={DEAD_LETTER_LIST}
      title={
        search.host === "" || search.host === NO_HOST ? "Dead letters" : `Dead letters for ${search.host}`
      }
      note="newest first"
    >
      <form class="stack" method="post" action={REDELIVER} data-selection>
        {/* Enter in a field presses the first button of the form: it must not send what was to be dismissed. */}
        <div class="buttons">
          {search.dismissed !== "true" && (
            <Confirm label="Dismiss selected…">
              <DismissalField />
              <Submit kind="danger" name="what" value="selection" formaction={DISMISS} data-needs-selection>
                Dismiss them
              </Submit>
            </Confirm>
          )}
          <Submit kind="primary" name="what" value="selection" data-needs-selection>
            Redeliver selected
          </Submit>
          <span class="dim" data-selected-count role="status" />
        </div>
        <DeadLetterTable deadLetters={deadLetters} nowMs={nowMs} />
      </form>
      {next}
    </Card>
  );
}

function DeadLetterTable({
  deadLetters,
  nowMs,
}: {
  deadLetters: readonly DeadLetter[];
  nowMs: number;
}): JSX.Element {
  const all = <input type="checkbox" data-select-all hidden aria-label="Select all on this page" />;
  const columns: Column<DeadLetter>[] = [
    { title: all, variant: "check", cell: (deadLetter) => <Select id={deadLetter.run_id} /> },
    { title: "Run", kind: "plain", cell: ({ run_id: id, user }) => <RunLink id={id} user={user} /> },
    {
      title: "Host",
      variant: "clip",
      hint: ({ host }) => host,
      cell: ({ host }) => <Optional text={host} />,
    },
    { title: "Why", variant: "short", cell: (deadLetter) => <Why {...deadLetter} /> },
    { title: "User", cell: ({ user, subject }) => <UserLink user={user} subject={subject} /> },
    { title: "Attempts", variant: "number", cell: (deadLetter) => deadLetter.attempts },
    { title: "Died", cell: (deadLetter) => <Distance at={deadLetter.died_at} nowMs={nowMs} /> },
    ...(deadLetters.some(({ dismissed }) => dismissed !== null) ? [DISMISSED_COLUMN] : []),
    {
      title: "",
      kind: "plain",
      variant: "actions",
      cell: (deadLetter) => <RedeliverOne id={deadLetter.run_id} />,
    },
  ];
  return <Table label="Dead letters" rows={deadLetters} columns={columns} />;
}

function Select({ id }: { id: string }): JSX.Element {
  return <input type="checkbox" name="run_id" value={id} aria-label={`Select run ${id}`} />;
}

const DISMISSED_COLUMN: Column<DeadLetter> = {
  title: "Dismissed",
  variant: "wrap",
  cell: ({ dismissed }) => dismissed && `${dismissed.reason} (${dismissed.by}, ${dateTime(dismissed.at)})`,
};

function Why({ reason, status }: Pick<DeadLetter, "reason" | "status">): JSX.Element {
  return (
    <>
      {reason}
      {status !== null && <span class="dim">{` HTTP ${status}`}</span>}
    </>
  );
}

function RedeliverOne({ id }: { id: string }): JSX.Element {
  return (
    <Submit name="only" value={id}>
      Redeliver
    </Submit>
  );
}
