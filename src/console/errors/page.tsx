import type { JSX } from "hono/jsx/jsx-runtime";
import type { ErrorGroup, Errors, RecentErrorView } from "../../operators/views.ts";
import { ERROR_KINDS } from "../../platform/observability/recent-errors.ts";
import { Card, Chip, Distance, Empty, Optional, RunLink, UserLink } from "../shell/components.tsx";
import { count, NOTHING } from "../shell/format.ts";
import { ButtonLink, Fault, SelectField, Submit, TextField } from "../shell/forms.tsx";
import { Layout, type SearchPageProps } from "../shell/layout.tsx";
import { ERRORS, errorsAt } from "../shell/links.ts";
import type { Given } from "../shell/parameters.ts";
import { type Column, Table } from "../shell/table.tsx";

/** `view` null: the search is at fault. */
export function ErrorsPage({ frame, view, given, fault }: SearchPageProps<Errors | null>): JSX.Element {
  const { kind = "", route = "", stored_action_id: action = "", host = "", user = "" } = given;
  const isSearch = kind + route + action + host + user !== "";
  return (
    <Layout
      title="Errors"
      frame={frame}
      section="errors"
      lead="The latest answers of 4xx and 5xx, delivery attempts that failed, and runs that ended in an error: up to a hundred of each kind, about ten seconds late."
      isLive
    >
      <Fault text={fault} />
      <SearchForm given={given} routes={view?.routes ?? []} />
      {view !== null && (
        <>
          <Card title="What fails">
            <Table label="Errors that are alike" rows={view.groups} columns={groupColumns(frame.nowMs)}>
              <NoErrors isSearch={isSearch} />
            </Table>
          </Card>
          {view.errors.length > 0 && (
            <Table label="Errors" rows={view.errors} columns={errorColumns(frame.nowMs)} />
          )}
        </>
      )}
    </Layout>
  );
}

function NoErrors({ isSearch }: { isSearch: boolean }): JSX.Element {
  if (isSearch) return <Empty title="No error is like that">Take a condition away first.</Empty>;
  return (
    <Empty title="No errors">
      If a caller reports one all the same, ask for its <code>X-Request-Id</code> first, and find it in the
      log.
    </Empty>
  );
}

function SearchForm({ given, routes }: { given: Given; routes: readonly string[] }): JSX.Element {
  const { kind = "", route = "", stored_action_id: action = "", host = "", user = "" } = given;
  // What is searched for stays in the form when it is in the list no more.
  const options = route === "" || routes.includes(route) ? routes : [...routes, route];
  return (
    <form class="card" method="get" action={ERRORS} role="search">
      <div class="fields">
        <SelectField label="Kind" name="kind" value={kind} options={ERROR_KINDS} />
        <SelectField label="Route" name="route" value={route} options={options} />
        <TextField label="Action" name="stored_action_id" value={action} spellcheck={false} />
        <TextField label="Host" name="host" value={host} spellcheck={false} />
        <TextField label="User key" name="user" value={user} spellcheck={false} />
      </div>
      <div class="buttons">
        <Submit kind="primary">Search</Submit>
        <ButtonLink kind="quiet" href={ERRORS}>
          Clear
        </ButtonLink>
      </div>
    </form>
  );
}

function groupColumns(nowMs: number): Column<ErrorGroup>[] {
  return [
    { title: "Kind", cell: ({ kind }) => <KindChip kind={kind} /> },
    { title: "Where", kind: "row", variant: "wrap", cell: (group) => <Where error={group} /> },
    { title: "Code", variant: "wrap", cell: ({ code }) => <Optional text={code} /> },
    { title: "Status", cell: (group) => <Statuses error={group} /> },
    { title: "Errors", variant: "number", cell: ({ errors }) => count(errors) },
    { title: "Users", variant: "number", cell: ({ users }) => count(users) },
    { title: "Actions", cell: (group) => <Actions group={group} /> },
    { title: "Latest", cell: ({ latest_at: at }) => <Distance at={at} nowMs={nowMs} /> },
  ];
}

function errorColumns(nowMs: number): Column<RecentErrorView>[] {
  return [
    { title: "When", kind: "plain", cell: ({ at }) => <Distance at={at} nowMs={nowMs} /> },
    { title: "Kind", cell: ({ kind }) => <KindChip kind={kind} /> },
    { title: "Where", variant: "wrap", cell: (error) => <Where error={error} /> },
    { title: "Code", variant: "wrap", cell: ({ code }) => <Optional text={code} /> },
    { title: "Status", cell: (error) => <Statuses error={error} /> },
    { title: "Action", cell: ({ stored_action_id: id }) => <Action id={id} /> },
    {
      title: "User",
      cell: ({ user }) => (user === null ? NOTHING : <UserLink user={user} subject={null} />),
    },
    { title: "Request or run", cell: (error) => <Reference error={error} /> },
  ];
}

function KindChip({ kind }: Pick<ErrorGroup, "kind">): JSX.Element {
  return <Chip tone={kind === "limited" || kind === "refused" ? "warn" : "bad"}>{kind}</Chip>;
}

/** How many; where all are of one action, which. */
function Actions({ group }: { group: ErrorGroup }): JSX.Element {
  if (group.stored_action_id !== null) return <Action id={group.stored_action_id} />;
  return <>{group.actions === 0 ? NOTHING : count(group.actions)}</>;
}

function Action({ id }: { id: string | null }): JSX.Element {
  if (id === null) return <>{NOTHING}</>;
  return (
    <a class="mono id" href={errorsAt({ stored_action_id: id })} title={id}>
      {id}
    </a>
  );
}

function Where({
  error: { route, host, kind },
}: {
  error: Pick<ErrorGroup, "route" | "host" | "kind">;
}): JSX.Element {
  return (
    <a href={errorsAt({ kind, route, host })}>
      {route ?? host ?? (kind === "run" ? "ended in an error" : NOTHING)}
    </a>
  );
}

/** The gateway's, and the upstream's own behind it. */
function Statuses({ error }: { error: Pick<ErrorGroup, "status" | "upstream_status"> }): JSX.Element {
  const { status, upstream_status: own } = error;
  return (
    <>
      {status ?? NOTHING}
      {own !== null && <span class="dim">{` upstream ${own}`}</span>}
    </>
  );
}

function Reference({
  error: { run_id: run, request_id: request, user },
}: {
  error: RecentErrorView;
}): JSX.Element {
  if (run !== null && user !== null) return <RunLink id={run} user={user} />;
  return (
    <span class="mono id" title={request ?? undefined}>
      {request ?? NOTHING}
    </span>
  );
}
