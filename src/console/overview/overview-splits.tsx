// What the overview's totals are made of, as tables.
import type { JSX } from "hono/jsx/jsx-runtime";
import type { Overview, Stats } from "../../operators/views.ts";
import { count, percent } from "../shell/format.ts";
import { deadLettersAt, ROOT, userAt } from "../shell/links.ts";
import { Stat } from "./stat.tsx";

type Line = { name: string; value: number; path?: string };

export function Deliveries(totals: Stats): JSX.Element {
  const { delivered, delivered_at_once: atOnce, retrying, dead, aborted } = totals;
  const lines = [
    { name: "Delivered at the first attempt", value: atOnce, path: runsIn("delivered") },
    { name: "Delivered later", value: delivered - atOnce, path: runsIn("delivered") },
    { name: "Failed, to be tried again", value: retrying, path: runsIn("retrying") },
    { name: "Dead letters", value: dead, path: runsIn("dead") },
    { name: "The receiver wants no more", value: aborted, path: runsIn("aborted") },
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
  const lines = [
    { name: "2xx", value: totals.status_2xx },
    { name: "3xx", value: totals.status_3xx },
    { name: "4xx, without 429", value: totals.status_4xx },
    { name: "429", value: totals.status_429 },
    { name: "5xx, without 503", value: totals.status_5xx },
    { name: "503", value: totals.status_503 },
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
          lines={users.map((each) => ({
            name: `User ${each.user.slice(0, 8)}…`,
            value: each.requests,
            path: userAt(each.user),
          }))}
          whole={totals.requests}
        />
      )}
      {host !== undefined && (
        <Split
          caption="Receivers by attempts"
          lines={hosts.map((each) => ({
            name: each.host,
            value: each.attempts,
            path: deadLettersAt(each.host),
          }))}
          whole={totals.attempts}
        />
      )}
    </Stat>
  );
}

function runsIn(state: string): string {
  return `${ROOT}/runs?state=${state}`;
}

function Split({
  caption,
  lines,
  whole,
}: {
  caption: string;
  lines: readonly Line[];
  whole: number;
}): JSX.Element {
  return (
    <table class="split">
      <caption class="visually-hidden">{caption}</caption>
      <tbody>
        {lines.map(({ name, value, path }) => (
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
