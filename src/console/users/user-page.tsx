import type { JSX } from "hono/jsx/jsx-runtime";
import type { OpenRunView, UserView, WindowCount } from "../../operators/views.ts";
import { BarChart, Legend, Meter, type Series } from "../shell/charts.tsx";
import {
  Card,
  Chip,
  Distance,
  Empty,
  Id,
  Moment,
  NextPage,
  RunLink,
  StateChip,
} from "../shell/components.tsx";
import { count, counted, day, fromNow } from "../shell/format.ts";
import { ButtonLink, Confirm, Post, Submit, TextField } from "../shell/forms.tsx";
import { Layout, type PageProps } from "../shell/layout.tsx";
import { hintRunAt, runsAt, userAt } from "../shell/links.ts";
import { type Column, Table } from "../shell/table.tsx";
import { Controls } from "./controls.tsx";

const DAY_MS = 24 * 60 * 60 * 1000;
const DAYS = 30;

export function UserPage({ frame, view }: PageProps<UserView>): JSX.Element {
  return (
    <Layout
      title={`User ${view.subject ?? view.user}`}
      frame={frame}
      section="users"
      heading={
        <>
          <span class="eyebrow">User</span> <span class="id-long">{view.subject ?? view.user}</span>
        </>
      }
      lead={
        <>
          <span class="wrap">{view.issuer ?? "Nothing on record says who this is."}</span>
          <span class="mono wrap">{view.user}</span>
          <span class="wrap">
            Callback secret (the first digits of its SHA-256){" "}
            <span class="mono">{view.callback_secret_ids.join(", ")}</span>
          </span>
        </>
      }
      actions={<ButtonLink href={runsAt({ user: view.user })}>Runs of this user</ButtonLink>}
    >
      <Controls user={view.user} control={view.control} nowMs={frame.nowMs} />
      <Windows view={view} nowMs={frame.nowMs} />
      <Usage view={view} nowMs={frame.nowMs} />
      <OpenRuns view={view} nowMs={frame.nowMs} />
      <Claims view={view} nowMs={frame.nowMs} />
    </Layout>
  );
}

function Windows({ view, nowMs }: { view: UserView; nowMs: number }): JSX.Element {
  const { windows, control, default_limit: defaultLimit } = view;
  const cap = control?.limit ?? defaultLimit;
  return (
    <Card title="Windows" note="as the gate sees them now">
      <div class="halves">
        <Window title="Starts of runs" window={windows.runs} cap={cap} nowMs={nowMs} />
        <Window title="Reads of results" window={windows.results} cap={null} nowMs={nowMs} />
      </div>
      <p class="dim">
        {control?.limit == null
          ? `The limit is ${count(cap)} starts, unless the user's token says otherwise (claim rate_limit).`
          : `The limit is ${count(cap)} starts, as operators have set it.`}
      </p>
      <Confirm label="Reset the windows…">
        <p>
          The user starts from zero at once. What was refused before stays refused; it may be asked again.
        </p>
        <Post to={`${userAt(view.user)}/reset-window`} label="Reset now" kind="danger" />
      </Confirm>
    </Card>
  );
}

type WindowProps = { title: string; window: WindowCount | null; cap: number | null; nowMs: number };

function Window({ title, window, cap, nowMs }: WindowProps): JSX.Element {
  const used = window?.count ?? 0;
  const whole = cap === null ? "" : ` of ${count(cap)}`;
  return (
    <div class="window">
      <h3>{title}</h3>
      <p class="stat-number">
        <strong>{count(used)}</strong>
        <span class="dim">{`used${whole}`}</span>
      </p>
      {cap !== null && <Meter label={`${used} of ${cap} starts are used`} used={used} whole={cap} />}
      <p class="dim">
        {window === null ? (
          "No window is open."
        ) : (
          <>
            Resets <Moment at={window.resets_at} /> ({fromNow(window.resets_at, nowMs)})
          </>
        )}
      </p>
    </div>
  );
}

function Usage({ view: { usage }, nowMs }: { view: UserView; nowMs: number }): JSX.Element {
  const days = everyDay(usage, nowMs);
  const [first, last] = [days[0], days.at(-1)];
  if (usage.length === 0 || first === undefined || last === undefined) {
    return (
      <Card title="Usage by day">
        <Empty title="Nothing was charged">
          A run is charged when it succeeds and its token has a <code>billing</code> claim that says so: check
          the claim first.
        </Empty>
      </Card>
    );
  }
  const tasks: Series = { name: "Tasks charged", tone: "accent", values: days.map((each) => each.tasks) };
  const total = days.reduce((sum, each) => sum + each.tasks, 0);
  return (
    <Card title="Usage by day" note={counted(total, "task")}>
      <BarChart
        label={`Tasks charged by day: ${count(total)} in all.`}
        titles={days.map((each) => `${day(each.day)}: ${counted(each.tasks, "task")}`)}
        series={[tasks]}
        from={first.day}
        to={new Date(Date.parse(last.day) + DAY_MS).toISOString()}
        value={count}
        moment={day}
      />
      <Legend series={[tasks]} />
      <details class="as-table">
        <summary>As a table</summary>
        <Table label="Usage by day" rows={usage} columns={USAGE_COLUMNS} />
      </details>
    </Card>
  );
}

const USAGE_COLUMNS: readonly Column<UserView["usage"][number]>[] = [
  { title: "Day", kind: "row", cell: (each) => each.day },
  { title: "Tasks", variant: "number", cell: (each) => count(each.tasks) },
];

/** Every day of the time that is shown: the gate counts those with a charge. */
function everyDay(usage: UserView["usage"], nowMs: number): UserView["usage"] {
  const tasks = new Map(usage.map((each) => [each.day, each.tasks]));
  return Array.from({ length: DAYS }, (_, index) => {
    const at = new Date(nowMs - (DAYS - 1 - index) * DAY_MS).toISOString().slice(0, 10);
    return { day: at, tasks: tasks.get(at) ?? 0 };
  });
}

function OpenRuns({ view, nowMs }: { view: UserView; nowMs: number }): JSX.Element {
  const { open_runs: runs, open_count: all } = view;
  const note =
    all > runs.length ? `${count(runs.length)} of ${count(all)}, by when they are due` : count(all);
  const columns: Column<OpenRunView>[] = [
    { title: "Run", kind: "plain", cell: (run) => <RunOrName user={view.user} run={run} /> },
    { title: "Status", cell: ({ status }) => <Chip tone="accent">{status}</Chip> },
    { title: "Callback", cell: ({ state }) => <StateChip state={state} /> },
    { title: "Due", cell: (run) => <Distance at={run.due_at} nowMs={nowMs} /> },
    { title: "Key in the gate", variant: "mono", cell: (run) => <Id id={run.run_key} /> },
  ];
  return (
    <Card title="Open runs" note={note}>
      <Table label="Open runs" rows={runs} columns={columns}>
        <Empty title="Nothing is owed to this user">
          Runs with a callback or a charge stand here until both are done. Those that are done are under{" "}
          <a href={runsAt({ user: view.user })}>this user's runs</a>.
        </Empty>
      </Table>
      <NextPage
        path={userAt(view.user)}
        name="open_cursor"
        cursor={view.open_next_cursor}
        label="Due later"
      />
    </Card>
  );
}

type RunOrNameProps = { user: string; run: OpenRunView };

/** A start that was never answered has no run yet; an operator who knows which one it was can name it. */
function RunOrName({ user, run: { run_key: runKey, run_id: id, status } }: RunOrNameProps): JSX.Element {
  if (status !== "forwarding" && id !== null) return <RunLink id={id} user={user} />;
  return (
    <Confirm label="Name the run…">
      <p>
        This start was never answered. If the upstream has its run, name it: the upstream is asked, and has to
        know it.
      </p>
      <form method="post" action={hintRunAt(user, runKey)}>
        <TextField label="The upstream's run id" name="run_id" value={id ?? ""} required spellcheck={false} />
        <Submit kind="primary">Ask the upstream</Submit>
      </form>
    </Confirm>
  );
}

function Claims({
  view: { user, claims, claims_next_cursor: cursor },
  nowMs,
}: {
  view: UserView;
  nowMs: number;
}): JSX.Element {
  const columns: Column<UserView["claims"][number]>[] = [
    {
      title: "Idempotency id",
      kind: "plain",
      variant: "mono",
      cell: (claim) => <Id id={claim.idempotency_id} />,
    },
    {
      title: "Status",
      cell: ({ status }) => <Chip tone={status === "open" ? "warn" : "quiet"}>{status}</Chip>,
    },
    { title: "Since", cell: (claim) => <Distance at={claim.since} nowMs={nowMs} /> },
    { title: "Ends", cell: (claim) => <Distance at={claim.ends_at} nowMs={nowMs} /> },
  ];
  return (
    <Card title="Claims" note={cursor === null ? count(claims.length) : `${count(claims.length)} here`}>
      <Table label="Claims" rows={claims} columns={columns}>
        <Empty title="No idempotency id is claimed">
          Send <code>idempotency_id</code> with a start, so that a retry starts no second run. The id is free
          again 72 hours after its answer.
        </Empty>
      </Table>
      <NextPage path={userAt(user)} name="claims_cursor" cursor={cursor} />
    </Card>
  );
}
