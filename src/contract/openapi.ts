// The public contract as two OpenAPI 3.1 documents: the callers', which is the published operation in full and what this
// gateway adds, and the operators'. Import it with `await import()`, from the routes that serve it. Its component schemas are made from the very
// schemas that judge requests, so the document cannot promise what the gateway does not check.

import * as z from "zod/mini";
import { consoleOperations } from "./console-operations.ts";
import { CONSOLE_COMPONENTS } from "./console-schemas.ts";
import { toExample } from "./example.ts";
import { operations } from "./operations.ts";
import type { Answer, Entry, Operation, Schema } from "./parts.ts";
import { COMPONENTS, WaitSeconds } from "./schemas.ts";

type Part = {
  title: string;
  description: string;
  tags: { name: string; description: string }[];
  entries: () => Entry[];
  components: Record<string, z.core.$ZodType>;
  securitySchemes: Record<string, object>;
};

const OPERATOR_SCHEME = {
  type: "http",
  scheme: "bearer",
  bearerFormat: "JWT",
  description:
    "A JWT of an issuer that this gateway trusts, with the operators' scope. Behind Cloudflare Access its own JWT, in `Cf-Access-Jwt-Assertion`, opens the console instead.",
};

const PARTS = {
  callers: {
    title: "Actions API",
    description:
      "Start actions, read their results, and have them delivered. An operation under /actions/ that is not described here is passed on to the upstream.",
    tags: [
      { name: "Stored Actions", description: "Operations related to a Stored Action" },
      { name: "Runs", description: "One-off runs, of which no stored action is kept" },
      { name: "Callbacks", description: "What the receivers of the caller's callbacks need" },
      { name: "Usage", description: "What the caller's own runs have cost" },
      { name: "Gateway", description: "The gateway itself" },
    ],
    entries: () => operations(jsonSchema(WaitSeconds)),
    components: COMPONENTS,
    securitySchemes: {
      Bearer: {
        type: "http",
        scheme: "bearer",
        bearerFormat: "JWT",
        description: "A JWT of an issuer that this gateway trusts, with the scope `external`.",
      },
    },
  },
  operators: {
    title: "Console API",
    description: "What the console's pages show and do, as JSON. Each answer's body is what the page shows.",
    tags: [{ name: "Console", description: "What operators see and do" }],
    entries: consoleOperations,
    components: { ActionsErrorResponse: COMPONENTS.ActionsErrorResponse, ...CONSOLE_COMPONENTS },
    securitySchemes: { Operator: OPERATOR_SCHEME },
  },
} satisfies Record<string, Part>;

export type Audience = keyof typeof PARTS;

const latest = new Map<Audience, { publicUrl: string; document: OpenApiDocument }>();

/** Built once and kept: only in development, where the origin is the request's own, can the URL change. */
export function openapiDocument(publicUrl: string, audience: Audience = "callers"): OpenApiDocument {
  const known = latest.get(audience);
  if (known?.publicUrl === publicUrl) return known.document;
  const document = build(publicUrl, PARTS[audience]);
  latest.set(audience, { publicUrl, document });
  return document;
}

export type OpenApiDocument = ReturnType<typeof build>;

function build(publicUrl: string, part: Part) {
  const { title, description, tags, securitySchemes } = part;
  const schemas = componentSchemas(part.components);
  return {
    openapi: "3.1.0",
    info: { title, description, version: "v1" },
    servers: [{ url: publicUrl, description: "This gateway" }],
    security: Object.keys(securitySchemes).map((name) => ({ [name]: [] })),
    tags,
    paths: buildPaths(part.entries(), schemas),
    components: { schemas, securitySchemes },
  };
}

function buildPaths(
  entries: readonly Entry[],
  schemas: Record<string, Schema>,
): Record<string, Record<string, Operation>> {
  const byPath: Record<string, Record<string, Operation>> = {};
  for (const { path, method, operation } of entries) {
    const answers = Object.entries(operation.responses);
    const responses = Object.fromEntries(
      answers.map(([status, each]) => [status, withExample(each, schemas)]),
    );
    byPath[path] = { ...byPath[path], [method]: { ...operation, responses } };
  }
  return byPath;
}

/** What has no example of its own gets one that is made of its schema. */
function withExample(answer: Answer, schemas: Record<string, Schema>): Answer {
  const media = answer.content?.["application/json"];
  if (media === undefined || media.examples !== undefined) return answer;
  const examples = { Example: { value: toExample(media.schema, schemas) } };
  return { ...answer, content: { ...answer.content, "application/json": { ...media, examples } } };
}

function componentSchemas(components: Record<string, z.core.$ZodType>): Record<string, Schema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(components)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { ...OPTIONS, uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, bare(schema)]));
}

function jsonSchema(schema: z.core.$ZodType): Schema {
  return bare(z.toJSONSchema(schema, OPTIONS));
}

/** The document names the dialect and the place of a schema; the schema itself need not. */
function bare(schema: Schema): Schema {
  const copy = { ...schema };
  delete copy.$schema;
  delete copy.$id;
  return copy;
}

// "input": what has a default may be left out, in answers too, as published.
const OPTIONS = {
  io: "input",
  override: (context: { jsonSchema: Schema }) => simplify(context.jsonSchema),
} as const;

/** Takes away what zod spells out beyond the published schemas, without a change of meaning. */
function simplify(schema: Schema): void {
  if (schema.format === "uuid") delete schema.pattern;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.type === "object" && Object.keys(schema.properties ?? {}).length === 0) delete schema.properties;
  const [first, second] = schema.anyOf ?? [];
  if (first?.type === "object" && second?.type === "null") {
    delete schema.anyOf;
    // The JSON Schema of `type: [...]` is missing from zod's own type of it.
    Object.assign(schema, first, { type: ["object", "null"] });
  }
}
