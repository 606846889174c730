// The contract's document as what the page shows: operations in their groups, with everything that is said of each.
// Pure, and the only source: what /openapi.json does not say, the page does not either.
import { isObject, memberOf } from "../../platform/json.ts";
import { curlOf } from "./curl.ts";
import { listOf, nameOf, type Row, rowOf, rowsOf, textOf } from "./schema.ts";

export type Reference = {
  title: string;
  description: string;
  version: string;
  url: string;
  groups: Group[];
  /** Those that answers carry, each once. */
  headers: Row[];
  /** Schemas that error answers refer to, each once. */
  schemas: { name: string; description: string; rows: Row[] }[];
};

export type Group = { id: string; name: string; description: string; operations: OperationView[] };

export type OperationView = {
  id: string;
  method: string;
  path: string;
  summary: string;
  description: string;
  /** Names of the ways to authenticate; empty: anybody may ask. */
  security: string[];
  parameters: (Row & { place: string })[];
  body: BodyView | null;
  answers: AnswerView[];
  curl: string;
};

export type AnswerView = {
  status: string;
  description: string;
  headers: { name: string; required: boolean }[];
  /** One for each media type; none when the answer has no body. */
  bodies: BodyView[];
};

export type BodyView = { type: string; schema: string | null; rows: Row[]; examples: Example[] };

type Example = { title: string; text: string };

export function referenceOf(document: unknown): Reference {
  const info = memberOf(document, "info");
  const url = textOf(listOf(document, "servers")[0], "url");
  const operations = operationsIn(document, url);
  return {
    title: textOf(info, "title"),
    description: textOf(info, "description"),
    version: textOf(info, "version"),
    url,
    groups: listOf(document, "tags").map((tag) => groupOf(tag, operations)),
    headers: headersIn(document),
    schemas: schemasOfErrors(document, operations),
  };
}

type Tagged = { tags: unknown[]; view: OperationView };

function groupOf(tag: unknown, operations: Tagged[]): Group {
  const name = textOf(tag, "name");
  return {
    id: idOf(name),
    name,
    description: textOf(tag, "description"),
    operations: operations.filter(({ tags }) => tags.includes(name)).map(({ view }) => view),
  };
}

/** For a fragment: letters, digits and hyphens. */
export function idOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}

function operationsIn(document: unknown, url: string): Tagged[] {
  return entriesOf(memberOf(document, "paths")).flatMap(([path, methods]) =>
    entriesOf(methods).map(([method, operation]) => ({
      tags: listOf(operation, "tags"),
      view: operationOf(document, { path, method: method.toUpperCase(), operation, url }),
    })),
  );
}

type Found = { path: string; method: string; operation: unknown; url: string };

function operationOf(document: unknown, { path, method, operation, url }: Found): OperationView {
  const security = listOf(operation, "security").flatMap((scheme) => entriesOf(scheme).map(([name]) => name));
  const body = bodiesOf(document, memberOf(operation, "requestBody"))[0] ?? null;
  return {
    id: textOf(operation, "operationId"),
    method,
    path,
    summary: textOf(operation, "summary"),
    description: textOf(operation, "description"),
    security,
    parameters: listOf(operation, "parameters").map((parameter) => parameterOf(document, parameter)),
    body,
    answers: entriesOf(memberOf(operation, "responses"))
      .map(([status, answer]) => answerOf(document, status, answer))
      .toSorted((a, b) => a.status.localeCompare(b.status)),
    curl: curlOf({
      url: `${url}${path}`,
      method,
      parameters: listOf(operation, "parameters"),
      needsToken: security.length > 0,
      body: body?.examples[0]?.text ?? null,
    }),
  };
}

function parameterOf(document: unknown, parameter: unknown): Row & { place: string } {
  const isRequired = memberOf(parameter, "required") === true;
  const row = rowOf(document, textOf(parameter, "name"), memberOf(parameter, "schema"), 0, isRequired);
  return {
    ...row,
    description: textOf(parameter, "description") || row.description,
    place: textOf(parameter, "in"),
  };
}

function answerOf(document: unknown, status: string, answer: unknown): AnswerView {
  return {
    status,
    description: textOf(answer, "description"),
    headers: entriesOf(memberOf(answer, "headers")).map(([name, header]) => {
      return { name, required: memberOf(header, "required") === true };
    }),
    bodies: bodiesOf(document, answer),
  };
}

function bodiesOf(document: unknown, holder: unknown): BodyView[] {
  return entriesOf(memberOf(holder, "content")).map(([type, media]) => {
    const schema = memberOf(media, "schema");
    return {
      type,
      schema: nameOf(schema),
      rows: rowsOf(document, schema),
      examples: entriesOf(memberOf(media, "examples")).map(([name, example]) => {
        return { title: textOf(example, "summary") || name, text: exampleText(memberOf(example, "value")) };
      }),
    };
  });
}

function exampleText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function headersIn(document: unknown): Row[] {
  const found = new Map<string, Row>();
  for (const [, methods] of entriesOf(memberOf(document, "paths")))
    for (const [, operation] of entriesOf(methods))
      for (const [, answer] of entriesOf(memberOf(operation, "responses")))
        for (const [name, header] of entriesOf(memberOf(answer, "headers")))
          found.set(name, headerRow(document, name, header));
  return [...found.values()];
}

function headerRow(document: unknown, name: string, header: unknown): Row {
  const row = rowOf(document, name, memberOf(header, "schema"), 0, false);
  return { ...row, description: textOf(header, "description") || row.description };
}

function schemasOfErrors(document: unknown, operations: Tagged[]): Reference["schemas"] {
  const errors = operations.flatMap(({ view }) => view.answers).filter(isError);
  const names = errors.flatMap(({ bodies }) => bodies.map(({ schema }) => schema));
  return [...new Set(names)].flatMap((name) => {
    if (name === null) return [];
    const schema = memberOf(memberOf(memberOf(document, "components"), "schemas"), name);
    return [{ name, description: textOf(schema, "description"), rows: rowsOf(document, schema) }];
  });
}

/** Their schema is shown once, at the end of the page. */
export function isError({ status }: AnswerView): boolean {
  return status >= "400";
}

function entriesOf(value: unknown): [string, unknown][] {
  return isObject(value) ? Object.entries(value) : [];
}
