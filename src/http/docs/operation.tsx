// One operation: what it takes, what it answers, and a command to try it.
import type { JSX } from "hono/jsx/jsx-runtime";
import type { Answer, Media, Operation } from "../../contract/parts.ts";
import { toCurl, toText } from "./curl.ts";
import { formatLine, Markdown } from "./markdown.tsx";
import { Members, type Schemas } from "./schema.tsx";

/** The schema of an error: the page shows it once, at its end. */
export const ERROR_SCHEMA = "ActionsErrorResponse";

export type Entry = { path: string; method: string; operation: Operation };
type Props = Entry & { url: string; schemas: Schemas };

export function OperationArticle({ path, method, operation, url, schemas }: Props): JSX.Element {
  const { operationId, summary, description, requestBody, responses } = operation;
  return (
    <article id={operationId}>
      <h3>{summary}</h3>
      <p>
        <b>{method}</b> <code>{path}</code>
      </p>
      {description !== undefined && <Markdown text={description} />}
      <p>{formatLine(describeSecurity(operation))}</p>
      <Parameters place="path" operation={operation} schemas={schemas} />
      <Parameters place="query" operation={operation} schemas={schemas} />
      {requestBody !== undefined && <h4>Body</h4>}
      {drawContent(requestBody?.content, schemas)}
      <h4>Try it</h4>
      <div class="copyable">
        <pre tabindex={0}>{toCurl(`${url}${path}`, method, operation)}</pre>
      </div>
      <h4>Answers</h4>
      {Object.entries(responses).map(([status, answer]) => (
        <AnswerDetails status={status} answer={answer} schemas={schemas} />
      ))}
    </article>
  );
}

function describeSecurity({ security }: Operation): string {
  const schemes = security.flatMap(Object.keys).map((name) => `\`${name}\``);
  if (schemes.length === 0) return "Needs no token.";
  return `Needs a token: ${schemes.join(" or ")}.`;
}

type ParametersProps = { place: string; operation: Operation; schemas: Schemas };

/** They are shown as the members of an object. */
function Parameters({ place, operation, schemas }: ParametersProps): JSX.Element {
  const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in === place);
  if (parameters.length === 0) return <></>;
  const properties = Object.fromEntries(parameters.map(({ name, schema }) => [name, schema]));
  const required = parameters.filter((parameter) => parameter.required).map(({ name }) => name);
  return (
    <>
      <h4>Parameters in the {place}</h4>
      <Members schema={{ properties, required }} schemas={schemas} />
    </>
  );
}

type AnswerProps = { status: string; answer: Answer; schemas: Schemas };

/** The successes are open: they are what one looks for first. */
function AnswerDetails({ status, answer, schemas }: AnswerProps): JSX.Element {
  const headers = Object.entries(answer.headers).map(
    ([name, { required }]) => `\`${name}\`${required === true ? " (always)" : ""}`,
  );
  return (
    <details open={status < "400"}>
      <summary>
        <b>{status}</b> {formatLine(answer.description)}
      </summary>
      {answer.content === undefined && <p>The answer has no body.</p>}
      {drawContent(answer.content, schemas)}
      <p>
        <a href="#headers">Headers</a>: {formatLine(headers.join(", "))}
      </p>
    </details>
  );
}

function drawContent(content: Record<string, Media> | undefined, schemas: Schemas): JSX.Element[] {
  return Object.entries(content ?? {}).map(([type, { schema, examples = {} }]) => (
    <>
      <small>{type}</small>{" "}
      {schema.$ref?.endsWith(ERROR_SCHEMA) === true ? (
        <a href="#errors">{ERROR_SCHEMA}</a>
      ) : (
        <Members schema={schema} schemas={schemas} />
      )}
      {Object.entries(examples).map(([name, { value, summary = name }]) => (
        <figure>
          <figcaption>{summary}</figcaption>
          <pre tabindex={0}>{toText(value)}</pre>
        </figure>
      ))}
    </>
  ));
}
