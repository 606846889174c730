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

export function RedeliveryPage({ frame, view: redelivery }: PageProps<Redelivery>): JSX.Element {
  const { status, filter } = redelivery;
  const isRunning = status === "running";
  return (
    <Layout
      title="Redelivery"
      frame={frame}
      section="dead-letters"
      lead={sayFilter(filter)}
      actions={<ButtonLink href={DEAD_LETTERS}>Dead letters</ButtonLink>}
      refreshSeconds={isRunning ? REFRESH_SECONDS : null}
    >
      <section
        class="card"
        data-redelivery={
          isRunning ? `${ROOT}/api/redeliveries/${encodeURIComponent(redelivery.id)}` : undefined
        }
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
          <Number name="sent" title="On their way again" value={redelivery.sent} />
          <Number name="skipped" title="Skipped: not dead any more" value={redelivery.skipped} />
        </dl>
      </section>
      <Card title="Order">
        <Facts facts={listFacts(redelivery)} />
      </Card>
    </Layout>
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

function sayFilter({ run_ids: ids, host, reason, from, to }: RedeliveryFilter): string {
  if (ids !== null) return `${counted(ids.length, "dead letter")}, chosen by hand.`;
  const why = reason === null ? "" : `, because of “${reason}”`;
  const since = from === null ? "" : `, from ${dateTime(from)}`;
  const until = to === null ? "" : `, before ${dateTime(to)}`;
  return `All dead letters ${sayHost(host)}${why}${since}${until}.`;
}

function sayHost(host: string | null): string {
  if (host === null) return "to any host";
  return host === NO_HOST ? "without a callback" : `to ${host}`;
}

function listFacts({ id, operator, filter, ...rest }: Redelivery): (readonly [string, Child])[] {
  return [
    ["Id", <span class="mono wrap">{id}</span>],
    ["Ordered by", operator],
    ["Ordered", <Moment at={rest.created_at} />],
    ["Host", filter.host ?? NOTHING],
    ["Reason", filter.reason ?? NOTHING],
  ];
}
