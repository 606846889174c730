import type { JSX } from "hono/jsx/jsx-runtime";
import type { DeadLetter, DeadLetterGroup, DeadLetters } from "../../../console/views.ts";
import { count, counted } from "../format.ts";
import { type Frame, Layout } from "../layout.tsx";
import { DEAD_LETTERS, deadLettersAt, ROOT, withQuery } from "../links.ts";
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
} from "../parts.tsx";

const REDELIVER = `${DEAD_LETTERS}/redeliver`;

/** What the list is narrowed to. */
export type LetterSearch = { host: string; from: string; to: string };

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
        lead="Callbacks that nobody tries any more. They stay until they are sent again or the ledger forgets them."
      />
      {fault !== null && (
        <p class="flash flash-bad" role="alert">
          {fault}
        </p>
      )}
      {letters !== null && <Groups letters={letters} nowMs={frame.nowMs} />}
      <Range search={search} />
      {letters !== null && <Letters search={search} letters={letters} nowMs={frame.nowMs} />}
    </Layout>
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
        <a href={`${ROOT}/runs?state=retrying`}>runs, state retrying</a>.
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
  return (
    <tr>
      <th scope="row">
        <a class="id" href={deadLettersAt(group.host)}>
          {group.host}
        </a>
      </th>
      <td data-label="Letters" class="number">
        {count(group.letters)}
      </td>
      <td data-label="Why">
        <ul class="reasons">
          {group.reasons.map(({ reason, letters }) => (
            <li class="short">
              {reason} <span class="dim">{`× ${count(letters)}`}</span>
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
            {`Every dead letter for ${group.host} is sent again: ${counted(group.letters, "letter")}${complete ? "" : " or more"}.`}
          </p>
          <form method="post" action={REDELIVER}>
            <input type="hidden" name="host" value={group.host} />
            <button class="button primary" type="submit" name="what" value="range">
              Send them
            </button>
          </form>
        </Confirm>
      </td>
    </tr>
  );
}

/** One form for two ends: to see what a host and a time hold, and to send all of it. */
function Range({ search }: { search: LetterSearch }): JSX.Element {
  return (
    <form class="card search" method="get" action={DEAD_LETTERS}>
      <div class="fields">
        <Field label="Host">
          <input name="host" value={search.host} autocomplete="off" spellcheck={false} />
        </Field>
        <Field label="Accepted from (UTC)">
          <input name="from" type="datetime-local" value={search.from} />
        </Field>
        <Field label="Accepted to (UTC)">
          <input name="to" type="datetime-local" value={search.to} />
        </Field>
      </div>
      <div class="buttons">
        <button class="button" type="submit">
          Show
        </button>
        <Confirm label="Redeliver this range…">
          <p>
            Every dead letter that the three fields describe is sent again, shown below or not. At least one
            of them must be filled in.
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
    <Card title={search.host === "" ? "Letters" : `Letters for ${search.host}`} note="newest first">
      <form class="selection" method="post" action={REDELIVER} data-selection>
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
    "Accepted",
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
          <td data-label="Host" class="clip" title={letter.host}>
            {letter.host}
          </td>
          <td data-label="Why" class="short">
            {letter.reason}
          </td>
          <td data-label="User">
            <UserLink user={letter.user} subject={letter.subject} />
          </td>
          <td data-label="Attempts" class="number">
            {letter.attempts}
          </td>
          <td data-label="Accepted">
            <ShortMoment at={letter.accepted_at} nowMs={nowMs} />
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
