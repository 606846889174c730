// The whole page, drawn from an OpenAPI document alone: what the document does not say, the page does not
// either. It works without a script; with one, a command can be copied at a click.
import type { JSX } from "hono/jsx/jsx-runtime";
import type { Audience, OpenApiDocument } from "../../contract/openapi.ts";
import { Markdown } from "./markdown.tsx";
import { type Entry, ERROR_SCHEMA, OperationArticle } from "./operation.tsx";
import { Members, type Schemas } from "./schema.tsx";

const AUTHENTICATION =
  "Authentication: `Authorization: Bearer TOKEN`. The commands below take it from the shell's variable `TOKEN`.";

/** Where the document itself is. */
const DOCUMENTS: Record<Audience, string> = {
  callers: "/openapi.json",
  operators: "/console/openapi.json",
};

type Group = { name: string; description: string; entries: Entry[] };

export function DocsPage({
  document,
  audience,
}: {
  document: OpenApiDocument;
  audience: Audience;
}): JSX.Element {
  const { info, servers, components } = document;
  const url = servers.map((server) => server.url).join();
  const groups = groupByTag(document);
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{info.title}</title>
        <link rel="stylesheet" href="/docs/assets/docs.css" />
        <script src="/docs/assets/docs.js" defer></script>
      </head>
      <body>
        <a href="#main">Skip to content</a>
        <Contents groups={groups} />
        <main id="main">
          <h1>{`${info.title} ${info.version}`}</h1>
          <Markdown text={`${info.description}\n\nBase URL: \`${url}\`\n\n${AUTHENTICATION}`} />
          <p>
            Machine-readable: <a href={DOCUMENTS[audience]}>{DOCUMENTS[audience]}</a> (OpenAPI 3.1)
          </p>
          {groups.map(({ name, description, entries }) => (
            <section>
              <h2>{name}</h2>
              <p>{description}</p>
              {entries.map((entry) => (
                <OperationArticle {...entry} url={url} schemas={components.schemas} />
              ))}
            </section>
          ))}
          <Appendix groups={groups} schemas={components.schemas} />
        </main>
      </body>
    </html>
  );
}

function groupByTag({ paths, tags }: OpenApiDocument): Group[] {
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  return tags.map((tag) => ({
    ...tag,
    entries: all.filter(({ operation }) => operation.tags.includes(tag.name)),
  }));
}

function Contents({ groups }: { groups: Group[] }): JSX.Element {
  return (
    <nav aria-label="Operations">
      <details open>
        <summary>Contents</summary>
        {groups.map(({ name, entries }) => (
          <>
            <h2>{name}</h2>
            {entries.map(({ method, operation }) => (
              <a href={`#${operation.operationId}`}>
                <b>{method}</b> {operation.summary}
              </a>
            ))}
          </>
        ))}
        <h2>Appendix</h2>
        <a href="#headers">Headers</a>
        <a href="#errors">Errors</a>
      </details>
    </nav>
  );
}

function Appendix({ groups, schemas }: { groups: Group[]; schemas: Schemas }): JSX.Element {
  const answers = groups
    .flatMap(({ entries }) => entries)
    .flatMap(({ operation }) => Object.values(operation.responses));
  const headers = answers.flatMap((answer) => Object.entries(answer.headers));
  const properties = Object.fromEntries(
    headers.map(([name, { schema, description }]) => [name, { ...schema, description }]),
  );
  return (
    <>
      <section id="headers">
        <h2>Headers</h2>
        <p>What answers may carry. Each answer above names its own.</p>
        <Members schema={{ properties }} schemas={schemas} />
      </section>
      <section id="errors">
        <h2>Errors</h2>
        <p>Each answer that refers to {ERROR_SCHEMA} has this body.</p>
        <Members schema={schemas[ERROR_SCHEMA] ?? {}} schemas={schemas} />
      </section>
    </>
  );
}
