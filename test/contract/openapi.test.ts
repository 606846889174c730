import { describe, expect, it } from "vitest";
import { openapiDocument } from "../../src/contract/openapi.ts";
import { buildValidator } from "./rules.ts";

type Media = { schema: object; examples?: Record<string, { value: unknown }> };
type Operation = {
  operationId: string;
  parameters?: readonly { in: string; name: string }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { headers: object; content?: Record<string, Media> }>;
};
type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
};

const callers: Document = openapiDocument("https://edge.example");
const operators: Document = openapiDocument("https://edge.example", "operators");
const ALL = { components: { schemas: { ...callers.components.schemas, ...operators.components.schemas } } };
const paths = { ...callers.paths, ...operators.paths };
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, path, operation })),
);
const answers = operations.flatMap(({ name, operation }) =>
  Object.entries(operation.responses).map(([status, answer]) => ({
    name: `${name} ${status}`,
    status,
    answer,
  })),
);

describe("/openapi.json", () => {
  it("gives each operation an id of its own", () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(operations)("names each parameter in the path of $name", ({ path, operation }) => {
    const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
    expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
  });

  it("lets a read wait for 0 to 30 seconds", () => {
    const read = callers.paths["/actions/v1/runs/{run_id}"]?.["get"];
    expect(read?.parameters).toContainEqual({
      in: "query",
      name: "wait_seconds",
      required: false,
      schema: { type: "integer", minimum: 0, maximum: 30, default: 0, description: expect.any(String) },
    });
  });

  it.each([callers, operators])("refers to nothing that is not there", (document) => {
    const text = JSON.stringify(document);
    const names = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name = ""]) => name);
    expect(names.length).toBeGreaterThan(20);
    expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(names));
    expect(text.match(/"\$ref":/g)).toHaveLength(names.length);
  });

  it("gives every answer an example in each of its media types", () => {
    const media = answers.flatMap(({ name, answer }) =>
      Object.entries(answer.content ?? {}).map(([type, { examples }]) => ({ name, type, examples })),
    );
    expect(media.length).toBeGreaterThan(80);
    expect(media.filter(({ examples = {} }) => Object.keys(examples).length === 0)).toEqual([]);
  });

  it("gives every answer but an empty one a body", () => {
    const empty = answers.filter(({ answer }) => answer.content === undefined).map(({ name }) => name);
    expect(empty).toEqual(["post /completions/{ref} 202"]);
  });

  it("gives examples that its own schemas accept", () => {
    const bodies = operations.flatMap(({ operation }) => operation.requestBody ?? []);
    const media = [...bodies, ...answers.map(({ answer }) => answer)].flatMap(
      ({ content }) => content?.["application/json"] ?? content?.["application/x-ndjson"] ?? [],
    );
    const cases = media.flatMap(({ schema, examples = {} }) =>
      Object.values(examples).map(({ value }) => ({ schema, value })),
    );
    expect(cases.length).toBeGreaterThan(20);
    for (const { schema, value } of cases) {
      expect(buildValidator(ALL, schema)().validate(value)).toEqual({ valid: true, errors: [] });
    }
  });

  it.each([
    ["401", "WWW-Authenticate"],
    ["429", "Retry-After"],
    ["503", "Retry-After"],
  ])("gives each %s the header %s", (wanted, header) => {
    const errors = answers.filter(({ name, status }) => status === wanted && !name.includes("readyz"));
    expect(errors.length).toBeGreaterThan(5);
    for (const { answer } of errors)
      expect(answer.headers).toHaveProperty(header, expect.objectContaining({ required: true }));
  });

  it("is built once for its URL", () => {
    const again = openapiDocument("https://other.example");
    expect(again).toHaveProperty("servers.0.url", "https://other.example");
    expect(openapiDocument("https://other.example")).toBe(again);
  });
});
