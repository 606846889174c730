// The components that every page uses.
import type { Child, PropsWithChildren } from "hono/jsx";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { AuditEntry, RunSummary } from "../../operators/views.ts";
import type { Flash } from "./flash.ts";
import { dateTime, fromNow, NOTHING, shortDateTime } from "./format.ts";
import { type Query, runAt, userAt, withQuery } from "./links.ts";

export type ChipTone = "good" | "bad" | "warn" | "accent" | "quiet";

export function Chip({ tone, children }: PropsWithChildren<{ tone: ChipTone }>): JSX.Element {
  return <span class={`chip ${tone}`}>{children}</span>;
}

const STATE_TONES: Record<RunSummary["state"], ChipTone> = {
  waiting: "accent",
  retrying: "warn",
  delivered: "good",
  dead: "bad",
  aborted: "quiet",
  none: "quiet",
};

export function StateChip({ state }: { state: RunSummary["state"] }): JSX.Element {
  return <Chip tone={STATE_TONES[state]}>{state === "none" ? "no callback" : state}</Chip>;
}

type ResultChipProps = Pick<RunSummary, "result" | "status">;

export function ResultChip({ result, status }: ResultChipProps): JSX.Element {
  if (status === "abandoned") return <Chip tone="bad">abandoned</Chip>;
  if (result === null) return <Optional text={null} />;
  return <Chip tone={result === "success" ? "good" : "bad"}>{result}</Chip>;
}

const OUTCOME_TONES: Record<AuditEntry["outcome"], ChipTone> = {
  done: "good",
  refused: "warn",
  failed: "bad",
  unknown: "quiet",
};

export function OutcomeChip({ outcome }: { outcome: AuditEntry["outcome"] }): JSX.Element {
  return <Chip tone={OUTCOME_TONES[outcome]}>{outcome}</Chip>;
}

type MomentProps = { at: string | null; nowMs?: number };

/** A moment in UTC; in a table, which gives `nowMs`, shorter. */
export function Moment({ at, nowMs }: MomentProps): JSX.Element {
  if (at === null) return <Optional text={null} />;
  return (
    <time class="short" datetime={at}>
      {nowMs === undefined ? dateTime(at) : shortDateTime(at, nowMs)}
    </time>
  );
}

/** And how far away it is. */
export function Distance({ at, nowMs }: { at: string; nowMs: number }): JSX.Element {
  return (
    <>
      <Moment at={at} nowMs={nowMs} /> <span class="dim short">{fromNow(at, nowMs)}</span>
    </>
  );
}

export function RunLink({ id, user }: { id: string; user: string | null }): JSX.Element {
  return (
    <a class="mono id" href={runAt(id, user)} title={id}>
      {id}
    </a>
  );
}

/** What people call a user: the subject, or the key where the subject is not known. */
export function UserLink({ user, subject }: { user: string; subject: string | null }): JSX.Element {
  return (
    <a class={subject === null ? "mono id" : "id"} href={userAt(user)} title={subject ?? user}>
      {subject ?? user}
    </a>
  );
}

export function Empty({ title, children }: PropsWithChildren<{ title: string }>): JSX.Element {
  return (
    <div class="empty">
      <p>
        <strong>{title}</strong>
      </p>
      <p class="dim">{children}</p>
    </div>
  );
}

type CardProps = PropsWithChildren<{ title: string; note?: Child; id?: string }>;

export function Card({ title, note, id, children }: CardProps): JSX.Element {
  return (
    <section class="card" id={id}>
      <div class="card-head">
        <h2>{title}</h2>
        {note !== undefined && <span class="dim">{note}</span>}
      </div>
      {children}
    </section>
  );
}

/** A stored text, or the sign for none. */
export function Optional({ text }: { text: string | null }): JSX.Element {
  return text === null ? <span class="dim">{NOTHING}</span> : <>{text}</>;
}

/** What may be too long for its place. */
export function Id({ id }: { id: string }): JSX.Element {
  return (
    <span class="id" title={id}>
      {id}
    </span>
  );
}

/** What has to be seen before all else; why something cannot be done, for example. */
export function Notice({ tone, children }: PropsWithChildren<{ tone: Flash["tone"] | "bad" }>): JSX.Element {
  return (
    <p class={`flash ${tone}`} role={tone === "bad" ? "alert" : "status"}>
      {children}
    </p>
  );
}

/** Facts, a line each. */
export function Facts({ facts }: { facts: readonly (readonly [name: string, value: Child])[] }): JSX.Element {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

type NextPageProps = { path: string; query?: Query; name?: string; cursor: string | null; label?: string };

/** On to the older ones, or to whatever comes next. */
export function NextPage(props: NextPageProps): JSX.Element | null {
  const { path, query, name = "cursor", cursor, label = "Older" } = props;
  if (cursor === null) return null;
  return (
    <a class="button" href={withQuery(path, { ...query, [name]: cursor })} rel="next">
      {label}
    </a>
  );
}
