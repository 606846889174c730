// The whole page. It works without a script; with one, a command can be copied at a click.
import type { JSX } from "hono/jsx/jsx-runtime";
import { Markdown } from "./markdown.tsx";
import { Method, Operation, Rows } from "./operation.tsx";
import { type Group, idOf, type Reference } from "./reference.ts";

export function DocsPage({ of }: { of: Reference }): JSX.Element {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{of.title}</title>
        <link rel="stylesheet" href="/docs/assets/docs.css" />
        <script src="/docs/assets/docs.js" defer></script>
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to content
        </a>
        <div class="shell">
          <Contents of={of} />
          <main id="main">
            <Introduction of={of} />
            {of.groups.map((group) => (
              <GroupSection of={group} />
            ))}
            <Appendix of={of} />
          </main>
        </div>
      </body>
    </html>
  );
}

function Contents({ of }: { of: Reference }): JSX.Element {
  return (
    <header class="side">
      <p class="brand">
        <a href="#main">{of.title}</a> <span class="version">{of.version}</span>
      </p>
      <details class="menu" open>
        <summary>Contents</summary>
        <nav aria-label="Operations">
          {of.groups.map(({ id, name, operations }) => (
            <section>
              <h2>
                <a href={`#${id}`}>{name}</a>
              </h2>
              <ul>
                {operations.map((operation) => (
                  <li>
                    <a href={`#${operation.id}`}>
                      <Method name={operation.method} />
                      <span>{operation.summary}</span>
                    </a>
                  </li>
                ))}
              </ul>
            </section>
          ))}
          <section>
            <h2>
              <a href="#headers">Headers</a>
            </h2>
            <h2>
              <a href="#errors">Errors</a>
            </h2>
          </section>
        </nav>
      </details>
    </header>
  );
}

function Introduction({ of }: { of: Reference }): JSX.Element {
  return (
    <section class="introduction">
      <h1>{of.title}</h1>
      <Markdown text={of.description} />
      <dl>
        <dt>Base URL</dt>
        <dd>
          <code>{of.url}</code>
        </dd>
        <dt>Machine-readable</dt>
        <dd>
          <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1)
        </dd>
        <dt>Authentication</dt>
        <dd>
          <code>Authorization: Bearer TOKEN</code>. The commands below take it from the shell's variable{" "}
          <code>TOKEN</code>.
        </dd>
      </dl>
    </section>
  );
}

function GroupSection({ of }: { of: Group }): JSX.Element {
  return (
    <section class="group" id={of.id}>
      <h2>{of.name}</h2>
      <p class="lead">{of.description}</p>
      {of.operations.map((operation) => (
        <Operation of={operation} />
      ))}
    </section>
  );
}

function Appendix({ of }: { of: Reference }): JSX.Element {
  return (
    <>
      <section class="group" id="headers">
        <h2>Headers</h2>
        <p class="lead">What answers may carry. Each answer above names its own.</p>
        <div class="operation">
          <Rows of={of.headers} anchor="header" />
        </div>
      </section>
      <section class="group" id="errors">
        <h2>Errors</h2>
        <p class="lead">Every answer from 400 on has this body.</p>
        {of.schemas.map(({ name, description, rows }) => (
          <div class="operation" id={`schema-${idOf(name)}`}>
            <h3>{name}</h3>
            {description !== "" && <p>{description}</p>}
            <Rows of={rows} />
          </div>
        ))}
      </section>
    </>
  );
}
