import type { JSX } from "hono/jsx/jsx-runtime";
import { RESULTS, STATES } from "../../contract/search-values.ts";
import type { RunPage, RunSummary, SearchProgress } from "../../operators/views.ts";
import { count, counted, dateTime, duration, NOTHING } from "../shell/format.ts";
import { type Frame, Layout } from "../shell/layout.tsx";
import { ROOT, runsAt } from "../shell/links.ts";
import {
  Empty,
  Field,
  Heading,
  NextPage,
  ResultChip,
  RunLink,
  Select,
  ShortMoment,
  StateChip,
  Table,
  UserLink,
} from "../shell/parts.tsx";

/** The form as it was filled in: shown again, whatever was in it. */
export type RunSearch = Record<(typeof SEARCH_FIELDS)[number], string>;

export const SEARCH_FIELDS = [
  "run_id",
  "user",
  "issuer",
  "subject",
  "stored_action_id",
  "state",
  "result",
  "from",
  "to",
] as const;

type RunsProps = {
  frame: Frame;
  search: RunSearch;
  /** Null: the search cannot be made; `fault` says why. */
  found: RunPage | null;
  fault: string | null;
};

export function RunsPage({ frame, search, found, fault }: RunsProps): JSX.Element {
  return (
    <Layout title="Runs" frame={frame} section="runs">
      <Heading
        title="Runs"
        lead="Runs that owe or owed a callback or a charge. A user's runs are found at once; without a user, the runs of all users who were active in the time are searched page by page."
      />
      <SearchForm search={search} />
      {fault !== null && (
        <p class="flash bad" role="alert">
          {fault}
        </p>
      )}
      {found !== null && <Results found={found} search={search} nowMs={frame.nowMs} />}
    </Layout>
  );
}

function SearchForm({ search }: { search: RunSearch }): JSX.Element {
  return (
    <form class="card" method="get" action={`${ROOT}/runs`} role="search">
      <div class="fields">
        <Field label="Run id">
          <input name="run_id" value={search.run_id} autocomplete="off" spellcheck={false} />
        </Field>
        <Field label="User key">
          <input name="user" value={search.user} autocomplete="off" spellcheck={false} />
        </Field>
        <Field label="Issuer">
          <input name="issuer" value={search.issuer} placeholder="https://…" autocomplete="off" />
        </Field>
        <Field label="Subject">
          <input name="subject" value={search.subject} autocomplete="off" spellcheck={false} />
        </Field>
        <Field label="Stored action">
          <input name="stored_action_id" value={search.stored_action_id} autocomplete="off" />
        </Field>
        <Field label="State">
          <Select name="state" value={search.state} any="Any" options={STATES} />
        </Field>
        <Field label="Result">
          <Select name="result" value={search.result} any="Any" options={RESULTS} />
        </Field>
        <Field label="Finished from (UTC)">
          <input name="from" type="datetime-local" value={search.from} />
        </Field>
        <Field label="Finished to (UTC)">
          <input name="to" type="datetime-local" value={search.to} />
        </Field>
      </div>
      <div class="buttons">
        <button class="button primary" type="submit">
          Search
        </button>
        <a class="button quiet" href={`${ROOT}/runs`}>
          Clear
        </a>
      </div>
    </form>
  );
}

type ResultsProps = { found: RunPage; search: RunSearch; nowMs: number };

function Results({ found, search, nowMs }: ResultsProps): JSX.Element {
  const { runs, next_cursor: cursor, searched_to: searchedTo, progress } = found;
  return (
    <>
      {runs.length === 0 ? (
        <Empty title={cursor === null ? "No run is like that" : "None so far"}>
          {cursor === null
            ? "Take a condition away, or name the user: by key, or by issuer and subject together."
            : "This page has looked through many runs without finding one. Go on with the search."}
        </Empty>
      ) : (
        <RunTable runs={runs} nowMs={nowMs} />
      )}
      {searchedTo !== null && (
        <p class="dim">
          {`Searched back to runs that finished at ${dateTime(searchedTo)}. Older ones are on the next page.`}
        </p>
      )}
      {progress !== null && <Progress progress={progress} />}
      <NextPage
        href={cursor === null ? null : runsAt({ ...search, cursor })}
        label={progress === null ? "Older" : "Go on"}
      />
    </>
  );
}

function Progress({ progress }: { progress: SearchProgress }): JSX.Element {
  const { searched, users, counted_all: all, from, to, unanswered } = progress;
  const whole = `${all ? "" : "more than "}${counted(users, "user")}`;
  return (
    <>
      <p class="dim">
        {`Searched ${count(searched)} of ${whole} who were active from ${dateTime(from)} to ${dateTime(to)}.`}
      </p>
      {unanswered.length > 0 && (
        <p class="flash warn" role="status">
          {"Not searched, because they do not answer: "}
          {unanswered.map((user) => (
            <>
              <UserLink user={user} subject={null} />{" "}
            </>
          ))}
        </p>
      )}
    </>
  );
}

const COLUMNS = ["Run", "State", "Result", "User", "Destination", { number: "Attempts" }, "Accepted", "Took"];

function RunTable({ runs, nowMs }: { runs: readonly RunSummary[]; nowMs: number }): JSX.Element {
  return (
    <Table label="Runs" columns={COLUMNS}>
      {runs.map((run) => (
        <tr>
          <td>
            <RunLink id={run.run_id} user={run.user} />
          </td>
          <td data-label="State">
            <StateChip state={run.state} />
          </td>
          <td data-label="Result">
            <ResultChip result={run.result} status={run.status} />
          </td>
          <td data-label="User">
            <UserLink user={run.user} subject={run.subject} />
          </td>
          <td data-label="Destination" class="clip" title={run.callback_host ?? undefined}>
            {run.callback_host ?? <span class="dim">{NOTHING}</span>}
          </td>
          <td data-label="Attempts" class="number">
            {run.attempts}
          </td>
          <td data-label="Accepted">
            <ShortMoment at={run.accepted_at} nowMs={nowMs} />
          </td>
          <td data-label="Took" class="short">
            {formatTook(run)}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function formatTook({ accepted_at: from, ended_at: to }: RunSummary): string {
  return to === null ? NOTHING : duration(Date.parse(to) - Date.parse(from));
}
