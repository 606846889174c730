// One operation: what it takes, what it answers, and a command to try it.
import type { JSX } from "hono/jsx/jsx-runtime";
import { Inline, Markdown } from "./markdown.tsx";
import { type AnswerView, type BodyView, idOf, isError, type OperationView } from "./reference.ts";
import type { Row } from "./schema.ts";

export function Operation({ of }: { of: OperationView }): JSX.Element {
  return (
    <article class="operation" id={of.id} aria-labelledby={`${of.id}-title`}>
      <h3 id={`${of.id}-title`}>
        <a href={`#${of.id}`}>{of.summary}</a>
      </h3>
      <p class="route">
        <Method name={of.method} />
        <code>
          <Path text={of.path} />
        </code>
      </p>
      {of.description !== "" && <Markdown text={of.description} />}
      <Security names={of.security} />
      {of.parameters.length > 0 && <Parameters of={of.parameters} />}
      {of.body !== null && <RequestBody of={of.body} />}
      <h4>Try it</h4>
      <CodeBlock label={`curl for ${of.summary}`} text={of.curl} copyable />
      <h4>Answers</h4>
      <div class="answers">
        {of.answers.map((answer) => (
          <Answer of={answer} />
        ))}
      </div>
    </article>
  );
}

export function Method({ name }: { name: string }): JSX.Element {
  return <span class={`method method-${name.toLowerCase()}`}>{name}</span>;
}

/** A long path breaks before a slash, and nowhere else. */
function Path({ text }: { text: string }): JSX.Element {
  const segments = text.split(/(?=\/)/);
  return (
    <>
      {segments.map((segment) => (
        <>
          <wbr />
          <span class={segment.includes("{") ? "variable" : undefined}>{segment}</span>
        </>
      ))}
    </>
  );
}

function Security({ names }: { names: readonly string[] }): JSX.Element {
  if (names.length === 0) return <p class="security">Anybody may ask, without a token.</p>;
  return (
    <p class="security">
      Needs a token:{" "}
      {names.map((name, index) => (
        <>
          {index > 0 && " or "}
          <code>{name}</code>
        </>
      ))}
      .
    </p>
  );
}

function Parameters({ of }: { of: OperationView["parameters"] }): JSX.Element {
  return (
    <>
      <h4>Parameters</h4>
      <Rows of={of.map((row) => ({ ...row, type: `${row.type}, in the ${row.place}` }))} />
    </>
  );
}

function RequestBody({ of }: { of: BodyView }): JSX.Element {
  return (
    <>
      <h4>
        Body <span class="type">{of.type}</span>
      </h4>
      <Rows of={of.rows} />
      <Examples of={of} />
    </>
  );
}

/** The successes are open: they are what one looks for first. */
function Answer({ of }: { of: AnswerView }): JSX.Element {
  return (
    <details class="answer" open={!isError(of)}>
      <summary>
        <span class={`status status-${of.status.slice(0, 1)}`}>{of.status}</span>
        <span class="says">
          <Inline text={of.description} />
        </span>
      </summary>
      <div class="answer-body">
        {of.bodies.length === 0 && <p>The answer has no body.</p>}
        {of.bodies.map((body) => (
          <AnswerBody of={body} isError={isError(of)} />
        ))}
        <HeaderNames of={of.headers} />
      </div>
    </details>
  );
}

function AnswerBody({ of, isError: isErrorBody }: { of: BodyView; isError: boolean }): JSX.Element {
  return (
    <div class="body">
      <p class="type">
        {of.type}
        {isErrorBody && of.schema !== null && (
          <>
            , <a href={`#schema-${idOf(of.schema)}`}>{of.schema}</a>
          </>
        )}
      </p>
      {!isErrorBody && of.rows.length > 0 && <Rows of={of.rows} />}
      <Examples of={of} />
    </div>
  );
}

function Examples({ of }: { of: BodyView }): JSX.Element {
  return (
    <>
      {of.examples.map(({ title, text }) => (
        <figure>
          <figcaption>{title}</figcaption>
          <CodeBlock label={title} text={text} />
        </figure>
      ))}
    </>
  );
}

function HeaderNames({ of }: { of: AnswerView["headers"] }): JSX.Element {
  return (
    <p class="headers">
      Headers:{" "}
      {of.map(({ name, required }, index) => (
        <>
          {index > 0 && ", "}
          <a href={`#header-${idOf(name)}`}>
            <code>{name}</code>
          </a>
          {required && " (always)"}
        </>
      ))}
    </p>
  );
}

/** Members under their parents: a list, because a table of nested rows does not fit a phone. */
export function Rows({ of, anchor }: { of: readonly Row[]; anchor?: string }): JSX.Element {
  return (
    <ul class="rows">
      {of.map(({ name, depth, type, required, description }) => (
        <li class={`depth-${depth}`} id={anchor === undefined ? undefined : `${anchor}-${idOf(name)}`}>
          <code class="name">{name}</code> <span class="type">{type}</span>
          {required && <span class="required">required</span>}
          {description !== "" && (
            <p>
              <Inline text={description} />
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}

type CodeProps = { label: string; text: string; copyable?: true };

function CodeBlock({ label, text, copyable }: CodeProps): JSX.Element {
  return (
    <div class={copyable ? "code copyable" : "code"}>
      <pre tabindex={0} aria-label={label}>
        <code>{text}</code>
      </pre>
    </div>
  );
}
