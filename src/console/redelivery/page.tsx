import type { Child } from "hono/jsx";
import type { JSX } from "hono/jsx/jsx-runtime";
import { NO_HOST } from "../../contract/search-values.ts";
import type { Redelivery, RedeliveryFilter } from "../../operators/views.ts";
import { Card, Chip, Facts, Moment } from "../shell/components.tsx";
import { count, counted, dateTime, NOTHING } from "../shell/format.ts";
import { ButtonLink } from "../shell/forms.tsx";
import { Layout, type PageProps } from "../shell/layout.tsx";
import { DEAD_LETTERS, ROOT } from "../shell/links.ts";

const REFRESH_SECONDS = 2;
/** While runs that were sent are still under way. */
const REFRESH_OUTCOME_SECONDS = 10;

export function RedeliveryPage({ frame, view: redelivery }: PageProps<Redelivery>): JSX.Element {
  const { status, filter, dismissal } = redelivery;
  const isRunning = status === "running";
  const isUnderWay = goingOf(redelivery) > 0;
  return (
    <Layout
      title={dismissal === null ? "Redelivery" : "Dismissal"}
      frame={frame}
      section="dead-letters"
      lead={sayFilter(filter)}
      actions={<ButtonLink href={DEAD_LETTERS}>Dead letters</ButtonLink>}
      refreshSeconds={isRunning ? REFRESH_SECONDS : isUnderWay ? REFRESH_OUTCOME_SECONDS : null}
    >
      <section
        class="card"
        data-redelivery={
          isRunning || isUnderWay
            ? `${ROOT}/api/redeliveries/${encodeURIComponent(redelivery.id)}`
            : undefined
        }
        data-status={status}
      >
        <div class="card-head">
          <h2>Progress</h2>
          <Chip tone={isRunning ? "accent" : "good"}>
            <span data-value="status">{status}</span>
          </Chip>
        </div>
        <Bar redelivery={redelivery} />
        <dl class="numbers" aria-live="polite">
          <Number name="examined" title="Looked at" value={redelivery.examined} />
          <Number
            name="sent"
            title={dismissal === null ? "Sent again" : "Dismissed"}
            value={redelivery.sent}
          />
          <Number name="skipped" title="Skipped: nothing to do" value={redelivery.skipped} />
        </dl>
        {dismissal === null && <Outcome redelivery={redelivery} />}
      </section>
      <Card title="Order">
        <Facts facts={listFacts(redelivery)} />
      </Card>
    </Layout>
  );
}

/** What became of those that were sent. */
function Outcome({ redelivery }: { redelivery: Redelivery }): JSX.Element {
  return (
    <dl class="numbers" aria-label="Outcome" aria-live="polite">
      <Number name="delivered" title="Delivered" value={redelivery.delivered} />
      <Number name="failed" title="Failed again" value={redelivery.failed} />
      <Number name="going" title="Still going" value={goingOf(redelivery)} />
    </dl>
  );
}

/** How many there are in the end is known only of a selection. */
function Bar({ redelivery }: { redelivery: Redelivery }): JSX.Element {
  const { status, filter, examined } = redelivery;
  const total = status === "finished" ? Math.max(1, examined) : (filter.run_ids?.length ?? null);
  const done = status === "finished" ? Math.max(1, examined) : examined;
  return (
    <progress
      aria-label="Progress of the redelivery"
      {...(total === null ? {} : { max: total, value: done })}
    />
  );
}

function Number({ name, title, value }: { name: string; title: string; value: number }): JSX.Element {
  return (
    <div>
      <dt>{title}</dt>
      <dd data-value={name}>{count(value)}</dd>
    </div>
  );
}

function goingOf({ dismissal, sent, delivered, failed }: Redelivery): number {
  return dismissal === null ? Math.max(0, sent - delivered - failed) : 0;
}

function sayFilter(filter: RedeliveryFilter): string {
  const { run_ids: ids, host, reason, http_status: httpStatus, dismissed, from, to } = filter;
  if (ids !== null) return `${counted(ids.length, "dead letter")}, chosen by hand.`;
  const why = reason === null ? "" : `, because of “${reason}”`;
  const since = from === null ? "" : `, from ${dateTime(from)}`;
  const until = to === null ? "" : `, before ${dateTime(to)}`;
  const status =
    httpStatus === null ? "" : `, with ${httpStatus === "none" ? "no status" : `status ${httpStatus}`}`;
  const which = dismissed ? "All dismissed dead letters" : "All dead letters";
  return `${which} ${sayHost(host)}${why}${status}${since}${until}.`;
}

function sayHost(host: string | null): string {
  if (host === null) return "to any host";
  return host === NO_HOST ? "without a callback" : `to ${host}`;
}

function listFacts({ id, operator, filter, dismissal, ...rest }: Redelivery): (readonly [string, Child])[] {
  return [
    ["Id", <span class="mono wrap">{id}</span>],
    ["Ordered by", operator],
    ["Ordered", <Moment at={rest.created_at} />],
    ["Host", filter.host ?? NOTHING],
    ["Reason", filter.reason ?? NOTHING],
    ["Status code", filter.http_status ?? NOTHING],
    ...(dismissal === null ? [] : [["Dismissed because", dismissal] as const]),
  ];
}
