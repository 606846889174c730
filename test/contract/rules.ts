// The published file and both documents of ours, read once and turned into what a check needs: which operation a request
// meets, and for each of its statuses the body's schema, compiled at its first use, and the headers.

import { type Schema, Validator } from "@cfworker/json-schema";
import { openapiDocument } from "../../src/contract/openapi.ts";
import { PUBLISHED } from "./published.ts";

type HeaderRule = { name: string; type: unknown; required: boolean };
export type Rule = {
  isError: boolean;
  hasCsv: boolean;
  hasHtml: boolean;
  /** The answer has no body. */
  isEmpty: boolean;
  headers: HeaderRule[];
  checkBody: (body: unknown) => string[];
  /** Null: its answer is not one of lines. */
  checkLine: ((line: unknown) => string[]) | null;
};
export type Route = { method: string; pattern: RegExp; rules: Map<number, Rule> };

const ERROR_REF = "#/components/schemas/ActionsErrorResponse";
const [OURS, OPERATORS]: unknown[] = (["callers", "operators"] as const).map((audience) =>
  openapiDocument("https://edge.example", audience),
);

/** An error of ours where neither document lists one. */
export const errorRule: Rule = toRule(PUBLISHED, {
  content: { "application/json": { schema: { $ref: ERROR_REF } } },
});

const OUR_ROUTES = [OURS, OPERATORS].flatMap(findRoutes);

// Where both describe an operation, the published file stands. Ours adds the statuses that it does not list, each of
// which superset.test.ts knows; 405 belongs to paths, and stands in neither.
const PUBLISHED_ROUTES = findRoutes(PUBLISHED).map((route) => ({
  ...route,
  rules: new Map([[405, errorRule], ...ourRules(route), ...route.rules]),
}));

const ROUTES: readonly Route[] = [...PUBLISHED_ROUTES, ...OUR_ROUTES];

function ourRules({ method, pattern }: Route): Map<number, Rule> {
  const ours = OUR_ROUTES.find((route) => route.method === method && route.pattern.source === pattern.source);
  return ours?.rules ?? new Map<number, Rule>();
}

/** Nothing for what neither document describes: the pass-through, the console. */
export function findRoute(method: string, path: string): Route | undefined {
  const [pathname = ""] = path.split("?");
  return ROUTES.find((route) => route.method === method && route.pattern.test(pathname));
}

export function member(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function entries(value: unknown): [string, unknown][] {
  return isObject(value) ? Object.entries(value) : [];
}

function findRoutes(document: unknown): Route[] {
  return entries(member(document, "paths")).flatMap(([path, methods]) =>
    entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`),
      rules: findRules(document, operation),
    })),
  );
}

function findRules(document: unknown, operation: unknown): Map<number, Rule> {
  const answers = entries(member(operation, "responses"));
  return new Map(answers.map(([status, answer]) => [Number(status), toRule(document, answer)]));
}

function toRule(document: unknown, answer: unknown): Rule {
  const schema = member(member(member(answer, "content"), "application/json"), "schema");
  const ofLine = member(member(member(answer, "content"), "application/x-ndjson"), "schema");
  return {
    isError: member(schema, "$ref") === ERROR_REF,
    isEmpty: member(answer, "content") === undefined,
    hasCsv: member(member(answer, "content"), "text/csv") !== undefined,
    hasHtml: member(member(answer, "content"), "text/html") !== undefined,
    headers: entries(member(answer, "headers")).map(headerRule),
    checkBody: buildCheck(document, schema),
    checkLine: ofLine === undefined ? null : buildCheck(document, ofLine),
  };
}

function buildCheck(document: unknown, schema: unknown): (body: unknown) => string[] {
  const validator = buildValidator(document, schema);
  return (body) => {
    const { errors } = validator().validate(body);
    // The last error is the innermost: those before it only say that something inside is wrong.
    return errors.slice(-1).map(({ instanceLocation, error }) => `body ${instanceLocation}: ${error}`);
  };
}

function headerRule([name, header]: [string, unknown]): HeaderRule {
  const type = member(member(header, "schema"), "type");
  return { name, type, required: member(header, "required") === true };
}

/** A real JSON Schema 2020-12 validator, formats included, made when first called. */
export function buildValidator(document: unknown, schema: unknown): () => Validator {
  let validator: Validator | undefined;
  return () => (validator ??= compile(document, schema));
}

/** The schema gets the document's components beside it, so that its `$ref`s resolve as they stand. */
function compile(document: unknown, schema: unknown): Validator {
  const whole: Schema = {
    ...Object.fromEntries(entries(schema)),
    components: { schemas: member(member(document, "components"), "schemas") },
  };
  return new Validator(whole, "2020-12");
}
