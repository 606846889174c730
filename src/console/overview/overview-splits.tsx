// What the overview's totals are made of, as tables.
import type { Child } from "hono/jsx";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { Overview, Stats } from "../../operators/views.ts";
import { count, percent } from "../shell/format.ts";
import { deadLettersAt, ROOT, userAt } from "../shell/links.ts";

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

export function Deliveries(totals: Stats): JSX.Element {
  const { delivered, delivered_at_once: atOnce, retrying, dead, aborted } = totals;
  const lines: Line[] = [
    ["Delivered at the first attempt", atOnce, runsIn("delivered")],
    ["Delivered later", delivered - atOnce, runsIn("delivered")],
    ["Failed, more attempts to come", retrying, runsIn("retrying")],
    ["Dead letters", dead, runsIn("dead")],
    ["The receiver wants no more", aborted, runsIn("aborted")],
  ];
  return (
    <Stat title="Callbacks" number={count(totals.callbacks)} side="of runs that ended">
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

export function Busiest({ totals, busiest_users: users, busiest_hosts: hosts }: Overview): JSX.Element {
  const [user, host] = [users[0], hosts[0]];
  return (
    <Stat
      title="Busiest"
      number={user === undefined ? count(0) : percent(user.requests, totals.requests)}
      side="of requests are one user's"
    >
      {user !== undefined && (
        <Split
          caption="Users by requests"
          lines={users.map(({ user: key, requests }) => [`User ${key.slice(0, 8)}…`, requests, userAt(key)])}
          whole={totals.requests}
        />
      )}
      {host !== undefined && (
        <Split
          caption="Receivers by attempts"
          lines={hosts.map(({ host: name, attempts }) => [name, attempts, deadLettersAt({ host: name })])}
          whole={totals.attempts}
        />
      )}
    </Stat>
  );
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
