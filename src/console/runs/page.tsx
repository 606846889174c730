import type { JSX } from "hono/jsx/jsx-runtime";
import { RESULTS, STATES } from "../../contract/search-values.ts";
import type { RunPage, RunSummary, SearchProgress } from "../../operators/views.ts";
import {
  Empty,
  Moment,
  NextPage,
  Notice,
  Optional,
  ResultChip,
  RunLink,
  StateChip,
  UserLink,
} from "../shell/components.tsx";
import { FailureFields } from "../shell/failure-fields.tsx";
import { count, counted, dateTime, duration, NOTHING } from "../shell/format.ts";
import { ButtonLink, Fault, SelectField, Submit, TextField, TimeField } from "../shell/forms.tsx";
import { Layout, type SearchPageProps } from "../shell/layout.tsx";
import { ROOT } from "../shell/links.ts";
import type { Given } from "../shell/parameters.ts";
import { type Column, Table } from "../shell/table.tsx";

export function RunsPage(props: SearchPageProps<RunPage | null>): JSX.Element {
  const { frame, view: found, given, fault } = props;
  const search = toSearch(given);
  return (
    <Layout
      title="Runs"
      frame={frame}
      section="runs"
      lead="Runs that owe or owed a callback or a charge. A user's runs are found at once; without a user, the runs of all users who were active in the time are searched page by page."
    >
      <SearchForm search={search} />
      <Fault text={fault} />
      {found !== null && <Results found={found} search={search} nowMs={frame.nowMs} />}
    </Layout>
  );
}

/** The form as it was filled in: shown again, whatever was in it. */
function toSearch(given: Given) {
  const { run_id = "", user = "", issuer = "", subject = "", stored_action_id = "" } = given;
  const { host = "", reason = "", http_status = "", state = "", result = "", from = "", to = "" } = given;
  const who = { run_id, user, issuer, subject, stored_action_id };
  return { ...who, host, reason, http_status, state, result, from, to };
}

type RunSearch = ReturnType<typeof toSearch>;

function SearchForm({ search }: { search: RunSearch }): JSX.Element {
  return (
    <form class="card" method="get" action={`${ROOT}/runs`} role="search">
      <div class="fields">
        <TextField label="Run id, or its beginning" name="run_id" value={search.run_id} spellcheck={false} />
        <TextField label="User key" name="user" value={search.user} spellcheck={false} />
        <TextField label="Issuer" name="issuer" value={search.issuer} placeholder="https://…" />
        <TextField label="Subject" name="subject" value={search.subject} spellcheck={false} />
        <TextField label="Stored action" name="stored_action_id" value={search.stored_action_id} />
        <FailureFields {...search} />
        <SelectField label="State" name="state" value={search.state} options={STATES} />
        <SelectField label="Result" name="result" value={search.result} options={RESULTS} />
        <TimeField label="Finished from (UTC)" name="from" value={search.from} />
        <TimeField label="Finished to (UTC)" name="to" value={search.to} />
      </div>
      <div class="buttons">
        <Submit kind="primary">Search</Submit>
        <ButtonLink kind="quiet" href={`${ROOT}/runs`}>
          Clear
        </ButtonLink>
      </div>
    </form>
  );
}

type ResultsProps = { found: RunPage; search: RunSearch; nowMs: number };

function Results({ found, search, nowMs }: ResultsProps): JSX.Element {
  const { runs, next_cursor: cursor, searched_to: searchedTo, progress } = found;
  return (
    <>
      <Table label="Runs" rows={runs} columns={runColumns(nowMs)}>
        <Empty title={cursor === null ? "No run is like that" : "None so far"}>
          {cursor === null
            ? "Take a condition away, or name the user: by key, or by subject."
            : "This page has looked through many runs without finding one. Go on with the search."}
        </Empty>
      </Table>
      {searchedTo !== null && (
        <p class="dim">
          {`Searched back to runs that finished at ${dateTime(searchedTo)}. Older ones are on the next page.`}
        </p>
      )}
      {progress !== null && <Progress progress={progress} />}
      <NextPage
        path={`${ROOT}/runs`}
        query={search}
        cursor={cursor}
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
        <Notice tone="warn">
          {"Not searched, because they do not answer: "}
          {unanswered.map((user) => (
            <>
              <UserLink user={user} subject={null} />{" "}
            </>
          ))}
        </Notice>
      )}
    </>
  );
}

function runColumns(nowMs: number): Column<RunSummary>[] {
  return [
    { title: "Run", kind: "plain", cell: ({ run_id: id, user }) => <RunLink id={id} user={user} /> },
    { title: "State", cell: ({ state }) => <StateChip state={state} /> },
    { title: "Result", cell: ({ result, status }) => <ResultChip result={result} status={status} /> },
    { title: "User", cell: ({ user, subject }) => <UserLink user={user} subject={subject} /> },
    {
      title: "Destination",
      variant: "clip",
      hint: (run) => run.callback_host,
      cell: (run) => <Optional text={run.callback_host} />,
    },
    { title: "Attempts", variant: "number", cell: (run) => run.attempts },
    { title: "Accepted", cell: (run) => <Moment at={run.accepted_at} nowMs={nowMs} /> },
    { title: "Took", variant: "short", cell: formatTook },
  ];
}

function formatTook({ accepted_at: from, ended_at: to }: RunSummary): string {
  return to === null ? NOTHING : duration(Date.parse(to) - Date.parse(from));
}
