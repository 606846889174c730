import type { Child } from "hono/jsx";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { RunDetail, TimeLineEntry } from "../../operators/views.ts";
import { Card, Facts, Moment, Notice, ResultChip, StateChip, UserLink } from "../shell/components.tsx";
import { counted, dateTime, duration, NOTHING, whenDue } from "../shell/format.ts";
import { Confirm, DismissalField, Post, Submit } from "../shell/forms.tsx";
import { Layout, type PageProps } from "../shell/layout.tsx";
import { destinationAt, runActionAt } from "../shell/links.ts";

export function RunPage({ frame, view: run }: PageProps<RunDetail>): JSX.Element {
  return (
    <Layout
      title={`Run ${run.run_id}`}
      frame={frame}
      section="runs"
      heading={
        <>
          <span class="eyebrow">Run</span> <span class="mono id-long">{run.run_id}</span>
        </>
      }
      lead={
        <>
          <StateChip state={run.state} />{" "}
          {run.status === "abandoned" ? sayAbandoned(run) : sayState(run, frame.nowMs)}
        </>
      }
      actions={<Buttons run={run} />}
    >
      <Dismissed dismissed={run.dismissed} />
      <OpenBreaker run={run} nowMs={frame.nowMs} />
      <PausedHost run={run} nowMs={frame.nowMs} />
      <div class="columns">
        <Card
          title="Time line"
          note={run.attempts === 0 ? "no attempt yet" : counted(run.attempts, "attempt")}
        >
          <TimeLine entries={run.time_line} nowMs={frame.nowMs} />
        </Card>
        <Card title="Summary">
          <Facts facts={listFacts(run)} />
        </Card>
        <Card title="Billing">
          <p>{sayBilling(run)}</p>
        </Card>
      </div>
    </Layout>
  );
}

function Dismissed({ dismissed }: Pick<RunDetail, "dismissed">): JSX.Element | null {
  if (dismissed === null) return null;
  const { at, by, reason } = dismissed;
  return <Notice tone="warn">{`Dismissed by ${by} at ${dateTime(at)}: ${reason}`}</Notice>;
}

function OpenBreaker({ run, nowMs }: { run: RunDetail; nowMs: number }): JSX.Element | null {
  const { breaker, callback_host: host } = run;
  if (breaker === null || host === null) return null;
  return (
    <Notice tone="warn">
      The breaker of <a href={destinationAt(host)}>{host}</a>
      {` is open until ${dateTime(breaker.until)} (${whenDue(breaker.until, nowMs)}). No attempt is made before, and none is used up.`}
    </Notice>
  );
}

function PausedHost({ run, nowMs }: { run: RunDetail; nowMs: number }): JSX.Element | null {
  const { paused, callback_host: host } = run;
  if (paused === null || host === null) return null;
  return (
    <Notice tone="warn">
      {`${paused.set_by} has paused `}
      <a href={destinationAt(host)}>{host}</a>
      {` until ${dateTime(paused.until)} (${whenDue(paused.until, nowMs)}). No attempt is made before, and none is used up.`}
    </Notice>
  );
}

function Buttons({ run: { run_id: id, user, can } }: { run: RunDetail }): JSX.Element {
  if (!Object.values(can).includes(true)) return <p class="dim">Nothing is left to be done with this run.</p>;
  return (
    <div class="buttons">
      {can.poll && <Post to={runActionAt(id, "poll")} fields={{ user }} label="Poll now" />}
      {can.redeliver && (
        <Post to={runActionAt(id, "redeliver")} fields={{ user }} label="Redeliver" kind="primary" />
      )}
      {can.abandon && (
        <Confirm label="Abandon…">
          <p>
            The upstream is not asked any more and no attempt is made. The run becomes a dead letter, which
            can still be polled or sent again by hand.
          </p>
          <Post to={runActionAt(id, "abandon")} fields={{ user }} label="Abandon this run" kind="danger" />
        </Confirm>
      )}
      {can.dismiss && (
        <Confirm label="Dismiss…">
          <p>
            The dead letter is not listed and counted with the others any more. It can still be sent again.
          </p>
          <form method="post" action={runActionAt(id, "dismiss")}>
            <input type="hidden" name="user" value={user} />
            <DismissalField required />
            <Submit kind="danger">Dismiss this run</Submit>
          </form>
        </Confirm>
      )}
    </div>
  );
}

const STATES: Record<Exclude<RunDetail["state"], "retrying">, string> = {
  waiting: "The run has not ended, or no attempt at its callback has been made yet.",
  delivered: "The receiver has acknowledged the result.",
  dead: "Delivery has stopped. Redeliver sends it again.",
  aborted: "The receiver said that it wants no more attempts.",
  none: "This run has no callback.",
};

function sayState({ state, next_attempt_at: next }: RunDetail, nowMs: number): string {
  if (state !== "retrying") return STATES[state];
  return next === null ? "Another attempt follows." : `The next attempt is ${whenDue(next, nowMs)}.`;
}

function sayAbandoned({ state }: RunDetail): string {
  if (state === "waiting") return "The upstream is being asked for the end of this abandoned run.";
  return "The end of this run was never read. Redeliver asks the upstream for it once more.";
}

function listFacts(run: RunDetail): (readonly [string, Child])[] {
  return [
    ["Result", <ResultChip result={run.result} status={run.status} />],
    ["User", <UserLink user={run.user} subject={run.subject} />],
    ["Issuer", <span class="wrap">{run.issuer}</span>],
    ["Stored action", <span class="mono wrap">{run.stored_action_id ?? "none: a one-off run"}</span>],
    ["Callback URL", <span class="mono wrap">{run.callback_url ?? NOTHING}</span>],
    ["Accepted", <Moment at={run.accepted_at} />],
    ["Ended", <Moment at={run.ended_at} />],
    ["Next attempt", <Moment at={run.next_attempt_at} />],
  ];
}

function sayBilling({ billable, charged }: RunDetail): string {
  if (charged) return "Charged: one task.";
  return billable ? "Billable, and not charged: only a success is." : "Not billable.";
}

function TimeLine({ entries, nowMs }: { entries: readonly TimeLineEntry[]; nowMs: number }): JSX.Element {
  return (
    <ol>
      {entries.map((entry, index) => (
        <Entry entry={entry} before={entries[index - 1] ?? null} nowMs={nowMs} />
      ))}
    </ol>
  );
}

type EntryProps = { entry: TimeLineEntry; before: TimeLineEntry | null; nowMs: number };

function Entry({ entry, before, nowMs }: EntryProps): JSX.Element {
  const { tone, title, detail } = say(entry);
  return (
    <li class={`entry ${tone}`}>
      <div class="entry-head">
        <strong class={tone === "planned" ? "dim" : undefined}>{title}</strong>
        <span class="entry-time">
          <Moment at={entry.at} />
          <span class="dim">{apart(entry, before, nowMs)}</span>
        </span>
      </div>
      {detail !== null && <p class="entry-detail">{detail}</p>}
    </li>
  );
}

function apart({ at, kind }: TimeLineEntry, before: TimeLineEntry | null, nowMs: number): string {
  if (kind === "next_poll" || kind === "next_attempt") return whenDue(at, nowMs);
  return before === null ? "" : `+${duration(Math.max(0, Date.parse(at) - Date.parse(before.at)))}`;
}

type Said = { tone: "good" | "bad" | "quiet" | "planned"; title: string; detail: Child };

const SAID: Record<Exclude<TimeLineEntry["kind"], "attempt" | "abandoned">, Said> = {
  accepted: { tone: "quiet", title: "Accepted", detail: "The upstream has taken the run." },
  ended: { tone: "quiet", title: "Ended", detail: "The gateway read its end at the upstream." },
  charged: { tone: "good", title: "Charged", detail: "One task." },
  delivered: { tone: "good", title: "Delivered", detail: null },
  aborted: { tone: "quiet", title: "Ended by the receiver", detail: "It wants no more attempts." },
  dead: { tone: "bad", title: "Dead letter", detail: "No more attempts are made by themselves." },
  next_poll: { tone: "planned", title: "Next poll of the upstream", detail: null },
  next_attempt: { tone: "planned", title: "Next attempt", detail: null },
};

function say({ kind, attempt, reason }: TimeLineEntry): Said {
  if (kind === "attempt") return sayAttempt(attempt);
  return kind === "abandoned" ? { tone: "bad", title: "Abandoned", detail: reason } : SAID[kind];
}

function sayAttempt(attempt: TimeLineEntry["attempt"]): Said {
  if (attempt === null) return { tone: "quiet", title: "Attempt", detail: null };
  const { number, status, duration_ms: ms, error } = attempt;
  const facts = (
    <>
      <span class="mono">{status === null ? "no status" : `HTTP ${status}`}</span>
      <span class="mono">{duration(ms)}</span>
      {error !== null && <span>{error}</span>}
    </>
  );
  return { tone: error === null ? "good" : "bad", title: `Attempt ${number}`, detail: facts };
}
