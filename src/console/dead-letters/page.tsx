import type { JSX } from "hono/jsx/jsx-runtime";
import { NO_HOST } from "../../contract/search-values.ts";
import type { DeadLetter, DeadLetterGroup, DeadLetters, OverdueGate } from "../../operators/views.ts";
import { count, counted, NOTHING } from "../shell/format.ts";
import { type Frame, Layout } from "../shell/layout.tsx";
import { DEAD_LETTERS, deadLettersAt, runsAt, withQuery } from "../shell/links.ts";
import {
  Card,
  Confirm,
  Distance,
  Empty,
  Field,
  Heading,
  NextPage,
  RunLink,
  ShortMoment,
  Table,
  UserLink,
} from "../shell/parts.tsx";

const REDELIVER = `${DEAD_LETTERS}/redeliver`;

/** What the list is narrowed to. */
export type LetterSearch = { host: string; reason: string; from: string; to: string };

type DeadLettersProps = {
  frame: Frame;
  search: LetterSearch;
  letters: DeadLetters | null;
  fault: string | null;
};

export function DeadLettersPage({ frame, search, letters, fault }: DeadLettersProps): JSX.Element {
  return (
    <Layout title="Dead letters" frame={frame} section="dead-letters">
      <Heading
        title="Dead letters"
        lead="Runs whose callback, or whose end, was given up. They stay until they are sent again, or the run retention ends."
      />
      {fault !== null && (
        <p class="flash bad" role="alert">
          {fault}
        </p>
      )}
      {letters !== null && <Overdue gates={letters.overdue} nowMs={frame.nowMs} />}
      {letters !== null && <Groups letters={letters} nowMs={frame.nowMs} />}
      <Range search={search} />
      {letters !== null && <Letters search={search} letters={letters} nowMs={frame.nowMs} />}
    </Layout>
  );
}

function Overdue({ gates, nowMs }: { gates: readonly OverdueGate[]; nowMs: number }): JSX.Element | null {
  if (gates.length === 0) return null;
  return (
    <Card title="Runs overdue" note="not polled or delivered in time">
      <Table label="Users with overdue runs" columns={["User", { number: "Runs" }, "Since", "One of them"]}>
        {gates.map((gate) => (
          <tr>
            <td>
              <UserLink user={gate.user} subject={null} />
            </td>
            <td data-label="Runs" class="number">
              {count(gate.runs)}
            </td>
            <td data-label="Since">
              <Distance at={gate.since} nowMs={nowMs} />
            </td>
            <td data-label="One of them" class="mono">
              <span class="id" title={gate.example_run_key}>
                {gate.example_run_key}
              </span>
            </td>
          </tr>
        ))}
      </Table>
    </Card>
  );
}

function Groups({
  letters: { groups, complete },
  nowMs,
}: {
  letters: DeadLetters;
  nowMs: number;
}): JSX.Element {
  if (groups.length === 0) {
    return (
      <Empty title="No dead letters">
        Every callback was delivered, or is still being tried. Those being tried are under{" "}
        <a href={runsAt({ state: "retrying" })}>runs, state retrying</a>.
      </Empty>
    );
  }
  const columns = ["Host", { number: "Letters" }, "Why", "Oldest", "Newest", { control: "" }];
  return (
    <Card title="By destination" note={complete ? undefined : "older ones are not counted here"}>
      <Table label="Dead letters by destination" columns={columns}>
        {groups.map((group) => (
          <Group group={group} complete={complete} nowMs={nowMs} />
        ))}
      </Table>
    </Card>
  );
}

type GroupProps = { group: DeadLetterGroup; complete: boolean; nowMs: number };

function Group({ group, complete, nowMs }: GroupProps): JSX.Element {
  const host = group.host ?? NO_HOST;
  return (
    <tr>
      <th scope="row">
        <a class="id" href={deadLettersAt(host)}>
          {sayHost(group.host)}
        </a>
      </th>
      <td data-label="Letters" class="number">
        {count(group.letters)}
      </td>
      <td data-label="Why">
        <ul>
          {group.reasons.map(({ reason, letters }) => (
            <li class="short">
              <a href={deadLettersAt(host, reason)}>{reason}</a>{" "}
              <span class="dim">{`× ${count(letters)}`}</span>
            </li>
          ))}
        </ul>
      </td>
      <td data-label="Oldest">
        <Distance at={group.oldest_at} nowMs={nowMs} />
      </td>
      <td data-label="Newest">
        <Distance at={group.newest_at} nowMs={nowMs} />
      </td>
      <td class="actions">
        <Confirm label="Redeliver all…">
          <p>
            {`Every dead letter of this line is sent again: ${counted(group.letters, "letter")}${complete ? "" : " or more"}.`}
          </p>
          <form method="post" action={REDELIVER}>
            <input type="hidden" name="host" value={host} />
            <button class="button primary" type="submit" name="what" value="range">
              Send them
            </button>
          </form>
        </Confirm>
      </td>
    </tr>
  );
}

function sayHost(host: string | null): string {
  return host ?? "no callback";
}

/** One form for two ends: to see what a host, a reason and a time hold, and to send all of it. */
function Range({ search }: { search: LetterSearch }): JSX.Element {
  return (
    <form class="card" method="get" action={DEAD_LETTERS}>
      <div class="fields">
        <Field label="Host">
          <input name="host" value={search.host} autocomplete="off" spellcheck={false} />
        </Field>
        <Field label="Reason">
          <input name="reason" value={search.reason} autocomplete="off" />
        </Field>
        <Field label="Given up from (UTC)">
          <input name="from" type="datetime-local" value={search.from} />
        </Field>
        <Field label="Given up to (UTC)">
          <input name="to" type="datetime-local" value={search.to} />
        </Field>
      </div>
      <div class="buttons">
        <button class="button" type="submit">
          Show
        </button>
        <Confirm label="Redeliver this range…">
          <p>
            Every dead letter that the four fields describe is sent again, shown below or not. At least one of
            them must be filled in.
          </p>
          <button
            class="button primary"
            type="submit"
            name="what"
            value="range"
            formmethod="post"
            formaction={REDELIVER}
          >
            Send them
          </button>
        </Confirm>
      </div>
    </form>
  );
}

type LettersProps = { search: LetterSearch; letters: DeadLetters; nowMs: number };

function Letters({
  search,
  letters: { letters, next_cursor: cursor },
  nowMs,
}: LettersProps): JSX.Element | null {
  if (letters.length === 0) return null;
  return (
    <Card
      title={search.host === "" || search.host === NO_HOST ? "Letters" : `Letters for ${search.host}`}
      note="newest first"
    >
      <form class="stack" method="post" action={REDELIVER} data-selection>
        {/* First, because Enter on a box presses the first button of the form. */}
        <div class="buttons">
          <button class="button primary" type="submit" name="what" value="selection" data-needs-selection>
            Redeliver selected
          </button>
          <span class="dim" data-selected-count role="status" />
        </div>
        <LetterTable letters={letters} nowMs={nowMs} />
      </form>
      <NextPage href={cursor === null ? null : withQuery(DEAD_LETTERS, { ...search, cursor })} />
    </Card>
  );
}

function LetterTable({ letters, nowMs }: { letters: readonly DeadLetter[]; nowMs: number }): JSX.Element {
  const all = <input type="checkbox" data-select-all hidden aria-label="Select all on this page" />;
  const columns = [
    { control: all },
    "Run",
    "Host",
    "Why",
    "User",
    { number: "Attempts" },
    "Given up",
    { control: "" },
  ];
  return (
    <Table label="Dead letters" columns={columns}>
      {letters.map((letter) => (
        <tr>
          <td class="check">
            <input
              type="checkbox"
              name="run_id"
              value={letter.run_id}
              aria-label={`Select run ${letter.run_id}`}
            />
          </td>
          <td>
            <RunLink id={letter.run_id} user={letter.user} />
          </td>
          <td data-label="Host" class="clip" title={letter.host ?? undefined}>
            {letter.host ?? <span class="dim">{NOTHING}</span>}
          </td>
          <td data-label="Why" class="short">
            {letter.reason}
            {letter.status !== null && <span class="dim">{` HTTP ${letter.status}`}</span>}
          </td>
          <td data-label="User">
            <UserLink user={letter.user} subject={letter.subject} />
          </td>
          <td data-label="Attempts" class="number">
            {letter.attempts}
          </td>
          <td data-label="Given up">
            <ShortMoment at={letter.died_at} nowMs={nowMs} />
          </td>
          <td class="actions">
            <button class="button" type="submit" name="only" value={letter.run_id}>
              Redeliver
            </button>
          </td>
        </tr>
      ))}
    </Table>
  );
}
