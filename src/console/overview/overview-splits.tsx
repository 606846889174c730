// What the overview's totals are made of, as tables.
import type { Child, PropsWithChildren } from "hono/jsx";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { Overview, Stats } from "../../operators/views.ts";
import { change, count, fromNow, NOTHING, percent } from "../shell/format.ts";
import { deadLettersAt, errorsAt, ROOT, userAt } from "../shell/links.ts";

type Line = readonly [name: string, value: number, path?: string];

type StatProps = { title: string; number: string; side: JSX.Element | string; children: Child };

/** A card of the overview: a title, a number, and what explains it. */
export function Stat({ title, number, side, children }: StatProps): JSX.Element {
  return (
    <section class="card stat">
      <h2>{title}</h2>
      <p class="stat-number">
        <strong>{number}</strong>
        <span class="dim">{side}</span>
      </p>
      {children}
    </section>
  );
}

type DeliveriesProps = { overview: Overview; nowMs: number };

export function Deliveries({ overview: { totals, waiting }, nowMs }: DeliveriesProps): JSX.Element {
  const { delivered, delivered_at_once: atOnce, retrying, dead, aborted } = totals;
  const lines: Line[] = [
    ["Delivered at the first attempt", atOnce, runsIn("delivered")],
    ["Delivered later", delivered - atOnce, runsIn("delivered")],
    ["Failed, more attempts to come", retrying, runsIn("retrying")],
    ["Dead letters", dead, runsIn("dead")],
    ["The receiver wants no more", aborted, runsIn("aborted")],
  ];
  return (
    <Stat
      title="Callbacks waiting"
      number={count(waiting.deliveries)}
      side={
        waiting.since === null ? "none is owed" : `the oldest from ${fromNow(waiting.since, nowMs)} or before`
      }
    >
      <Split
        caption="What came of delivery attempts"
        lines={lines}
        whole={delivered + retrying + dead + aborted}
      />
    </Stat>
  );
}

export function Answers(totals: Stats): JSX.Element {
  const lines: Line[] = [
    ["2xx", totals.status_2xx],
    ["3xx", totals.status_3xx],
    ["4xx, without 429", totals.status_4xx],
    ["429", totals.status_429],
    ["5xx, without 503", totals.status_5xx],
    ["503", totals.status_503],
  ];
  return (
    <Stat title="Answers" number={count(totals.upstream_failed)} side="upstream failures">
      <Split caption="Requests by the status of their answer" lines={lines} whole={totals.requests} />
    </Stat>
  );
}

export function Users({ totals, busiest_users: users }: Overview): JSX.Element {
  const [user] = users;
  return (
    <Stat
      title="Busiest users"
      number={user === undefined ? count(0) : percent(user.requests, totals.requests)}
      side="of requests are one user's"
    >
      {user !== undefined && (
        <NumbersTable caption="Users by requests" titles={["User", "Starts", "429", "Errors"]}>
          {users.map(({ user: key, starts, limited, errors }) => (
            <tr>
              <th scope="row">
                <a href={userAt(key)}>{`${key.slice(0, 8)}…`}</a>
              </th>
              <td class="number">{count(starts)}</td>
              <td class="number">{count(limited)}</td>
              <td class="number">
                {errors === 0 ? count(errors) : <a href={errorsAt({ user: key })}>{count(errors)}</a>}
              </td>
            </tr>
          ))}
        </NumbersTable>
      )}
    </Stat>
  );
}

export function Receivers({ totals, busiest_hosts: hosts, failing_hosts: failing }: Overview): JSX.Element {
  return (
    <Stat title="Failing hosts" number={count(failing.length)} side="in the last ten minutes">
      {failing.length > 0 && (
        <NumbersTable caption="Hosts that fail" titles={["Host", "Breaker", "Failed"]}>
          {failing.map(({ host, breaker, attempts, acknowledged }) => (
            <tr>
              <th scope="row">
                <a href={errorsAt({ kind: "callback", host })}>{host}</a>
              </th>
              <td class="number">{breaker?.replace("_", " ") ?? "not known"}</td>
              <td class="number">{`${count(attempts - acknowledged)} of ${count(attempts)}`}</td>
            </tr>
          ))}
        </NumbersTable>
      )}
      {hosts.length > 0 && (
        <NumbersTable caption="Receivers by attempts" titles={["Busiest receivers", "Attempts", "Share"]}>
          {hosts.map(({ host, attempts }) => (
            <tr>
              <th scope="row">
                <a href={deadLettersAt({ host })}>{host}</a>
              </th>
              <td class="number">{count(attempts)}</td>
              <td class="number dim">{percent(attempts, totals.attempts)}</td>
            </tr>
          ))}
        </NumbersTable>
      )}
    </Stat>
  );
}

/** What the span before had, beside this one. */
export function Changes({ span, totals, before }: Overview): JSX.Element | null {
  if (span === "week") return null;
  const rows: readonly [name: string, value: (stats: Stats) => number][] = [
    ["Requests", ({ requests }) => requests],
    ["429", ({ status_429: limited }) => limited],
    ["Errors (5xx)", serverErrors],
    ["Attempts", ({ attempts }) => attempts],
    ["Attempts that failed", ({ attempts_failed: failed }) => failed],
    ["Dead letters", ({ dead }) => dead],
    ["Charges", ({ charges }) => charges],
  ];
  return (
    <Stat
      title={`Errors against the ${span} before`}
      number={count(serverErrors(totals))}
      side={
        before === null ? "not all was counted before" : change(serverErrors(totals), serverErrors(before))
      }
    >
      <NumbersTable caption="What changed" titles={["", `This ${span}`, "Change"]}>
        {rows.map(([name, value]) => (
          <tr>
            <th scope="row">{name}</th>
            <td class="number">{count(value(totals))}</td>
            <td class="number dim">{before === null ? NOTHING : change(value(totals), value(before))}</td>
          </tr>
        ))}
      </NumbersTable>
    </Stat>
  );
}

function serverErrors(stats: Stats): number {
  return stats.status_5xx + stats.status_503;
}

function runsIn(state: string): string {
  return `${ROOT}/runs?state=${state}`;
}

type SplitProps = { caption: string; lines: readonly Line[]; whole: number };

function Split({ caption, lines, whole }: SplitProps): JSX.Element {
  return (
    <table class="split">
      <caption class="visually-hidden">{caption}</caption>
      <tbody>
        {lines.map(([name, value, path]) => (
          <tr>
            <th scope="row">{path === undefined ? name : <a href={path}>{name}</a>}</th>
            <td class="number">{count(value)}</td>
            <td class="number dim">{percent(value, whole)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

type NumbersProps = PropsWithChildren<{ caption: string; titles: readonly string[] }>;

/** A few rows of numbers under their titles. */
function NumbersTable({ caption, titles, children }: NumbersProps): JSX.Element {
  return (
    <table class="split">
      <caption class="visually-hidden">{caption}</caption>
      <thead>
        <tr>
          {titles.map((title, index) =>
            title === "" ? (
              <td />
            ) : (
              <th scope="col" class={index === 0 ? undefined : "number"}>
                {title}
              </th>
            ),
          )}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}
