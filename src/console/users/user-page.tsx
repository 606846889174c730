import type { JSX } from "hono/jsx/jsx-runtime";
import type { OpenRunView, UserView, WindowCount } from "../../operators/views.ts";
import { BarChart, Legend, Meter, type Series } from "../shell/charts.tsx";
import { count, counted, day, fromNow } from "../shell/format.ts";
import { type Frame, Layout } from "../shell/layout.tsx";
import { namedRunAt, runsAt, userAt } from "../shell/links.ts";
import {
  Card,
  Chip,
  Confirm,
  Distance,
  Empty,
  Field,
  Heading,
  Moment,
  RunLink,
  StateChip,
  Table,
} from "../shell/parts.tsx";

const DAY_MS = 24 * 60 * 60 * 1000;
const DAYS = 30;

export function UserPage({ frame, view }: { frame: Frame; view: UserView }): JSX.Element {
  return (
    <Layout title={`User ${view.subject ?? view.user}`} frame={frame} section="users">
      <Heading
        title={
          <>
            <span class="eyebrow">User</span> <span class="id-long">{view.subject ?? view.user}</span>
          </>
        }
        lead={
          <>
            <span class="wrap">{view.issuer ?? "Nothing on record says who this is."}</span>
            <span class="mono wrap">{view.user}</span>
          </>
        }
      >
        <a class="button" href={runsAt({ user: view.user })}>
          Runs of this user
        </a>
      </Heading>
      <Windows view={view} nowMs={frame.nowMs} />
      <Usage view={view} nowMs={frame.nowMs} />
      <OpenRuns view={view} nowMs={frame.nowMs} />
      <Claims view={view} nowMs={frame.nowMs} />
    </Layout>
  );
}

function Windows({ view, nowMs }: { view: UserView; nowMs: number }): JSX.Element {
  const { windows, default_limit: cap } = view;
  return (
    <Card title="Windows" note="as the gate sees them now">
      <div class="halves">
        <Window title="Starts of runs" window={windows.runs} cap={cap} nowMs={nowMs} />
        <Window title="Reads of results" window={windows.results} cap={null} nowMs={nowMs} />
      </div>
      <p class="dim">
        {`The limit is ${count(cap)} starts, unless the user's token says otherwise (claim rate_limit).`}
      </p>
      <Confirm label="Reset the windows…">
        <p>
          The user starts from zero at once. What was refused before stays refused; it may be asked again.
        </p>
        <form method="post" action={`${userAt(view.user)}/reset-window`}>
          <button class="button danger" type="submit">
            Reset now
          </button>
        </form>
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
          A day appears here with the first task of this user that is billable and succeeds.
        </Empty>
      </Card>
    );
  }
  const tasks: Series = { name: "Tasks charged", look: "accent", values: days.map((each) => each.tasks) };
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
      <Legend of={[tasks]} />
      <details class="as-table">
        <summary>As a table</summary>
        <Table label="Usage by day" columns={["Day", { number: "Tasks" }]}>
          {usage.map((each) => (
            <tr>
              <th scope="row">{each.day}</th>
              <td class="number" data-label="Tasks">
                {count(each.tasks)}
              </td>
            </tr>
          ))}
        </Table>
      </details>
    </Card>
  );
}

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
  const note = all > runs.length ? `${count(all)}, of which the ${count(runs.length)} due first` : count(all);
  return (
    <Card title="Open runs" note={note}>
      {runs.length === 0 ? (
        <Empty title="Nothing is owed to this user">
          Runs with a callback or a charge stand here until both are done.
        </Empty>
      ) : (
        <Table label="Open runs" columns={["Run", "Status", "Callback", "Due", "Key in the gate"]}>
          {runs.map((run) => (
            <tr>
              <td>
                <RunOrName user={view.user} run={run} />
              </td>
              <td data-label="Status">
                <Chip tone="accent">{run.status}</Chip>
              </td>
              <td data-label="Callback">
                <StateChip state={run.state} />
              </td>
              <td data-label="Due">
                <Distance at={run.due_at} nowMs={nowMs} />
              </td>
              <td data-label="Key in the gate" class="mono">
                <span class="id" title={run.run_key}>
                  {run.run_key}
                </span>
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Card>
  );
}

type RunOrNameProps = { user: string; run: OpenRunView };

/** A start that was never answered has no run yet; an operator who knows which one it was can name it. */
function RunOrName({ user, run: { run_key: key, run_id: id, status } }: RunOrNameProps): JSX.Element {
  if (status !== "forwarding" && id !== null) return <RunLink id={id} user={user} />;
  return (
    <Confirm label="Name the run…">
      <p>
        This start was never answered. If the upstream has its run, name it: the upstream is asked, and has to
        know it.
      </p>
      <form method="post" action={namedRunAt(user, key)}>
        <Field label="The upstream's run id">
          <input name="run_id" value={id ?? ""} required autocomplete="off" spellcheck={false} />
        </Field>
        <button class="button primary" type="submit">
          Ask the upstream
        </button>
      </form>
    </Confirm>
  );
}

function Claims({ view: { claims }, nowMs }: { view: UserView; nowMs: number }): JSX.Element {
  return (
    <Card title="Claims" note={count(claims.length)}>
      {claims.length === 0 ? (
        <Empty title="No idempotency id is claimed">
          An id is claimed by its first request, and is free again 72 hours after its answer.
        </Empty>
      ) : (
        <Table label="Claims" columns={["Idempotency id", "Status", "Since", "Ends"]}>
          {claims.map((claim) => (
            <tr>
              <td class="mono">
                <span class="id" title={claim.idempotency_id}>
                  {claim.idempotency_id}
                </span>
              </td>
              <td data-label="Status">
                <Chip tone={claim.status === "open" ? "warn" : "quiet"}>{claim.status}</Chip>
              </td>
              <td data-label="Since">
                <Distance at={claim.since} nowMs={nowMs} />
              </td>
              <td data-label="Ends">
                <Distance at={claim.ends_at} nowMs={nowMs} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Card>
  );
}
