// The table of contents (src/app.ts) against what describes it: the contract, and README's table of paths.
import { reset } from "cloudflare:test";
import { afterEach, describe, expect } from "vitest";
import errors from "../../docs/errors.md?raw";
import readme from "../../README.md?raw";
import { createApp } from "../../src/app.ts";
import { openapiDocument } from "../../src/contract/openapi.ts";
import { it } from "../support/gateway.ts";

/** Routes that are no operations of the contract. */
const NO_OPERATIONS: Record<string, string> = {
  "GET /": "the landing page",
  "GET /docs/": "leads to /docs",
  "GET /docs/operators": "the operators' document as a page",
  "GET /docs/assets/{name}": "style and script of the page /docs",
};
/** Other methods go to the upstream, or are refused with those that go there. */
const PASSED_THROUGH = "/actions/";
const CONSOLE_API = "/console/api/";

type Route = { method: string; path: string };
type Operation = Route & { security: readonly object[] };

const routes = createApp().routes.filter(
  ({ method, path }) => method !== "ALL" && (!path.startsWith("/console") || path.startsWith(CONSOLE_API)),
);
const documented = (["callers", "operators"] as const).flatMap((audience) =>
  findOperations(openapiDocument("https://edge.example", audience)),
);
const shown = [...readme.matchAll(/`(GET|POST) ([^`?]+)/g)].map(([, method = "", path = ""]) => ({
  method,
  path,
}));

/** hono writes `:name` where the contract writes `{name}`. */
function formatName({ method, path }: Route): string {
  return `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`;
}

function findOperations(document: object): Operation[] {
  const { paths } = document as { paths: Record<string, Record<string, Pick<Operation, "security">>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => ({
      method: method.toUpperCase(),
      path,
      security,
    })),
  );
}

/** README shortens a path to its end: `…/deliveries`. */
function isShown({ method, path }: Route): boolean {
  return shown.some(
    (row) =>
      row.method === method &&
      (row.path.startsWith("…") ? path.endsWith(row.path.slice(1)) : path === row.path),
  );
}

afterEach(reset);

it("each route is an operation of a document, and each operation has a route", () => {
  const names = new Set(routes.map(formatName).filter((name) => !(name in NO_OPERATIONS)));
  expect(documented.map(formatName).toSorted()).toEqual([...names].toSorted());
});

it("README has a row for each operation outside the console", () => {
  const outside = documented.filter(({ path }) => !path.startsWith(CONSOLE_API));
  expect(outside.filter((operation) => !isShown(operation)).map(formatName)).toEqual([]);
});

describe("without a token", () => {
  it.for(documented)("$method $path is open only if the contract says so", async (operation, { gateway }) => {
    const path = operation.path.replaceAll(/\{\w+\}/g, "x");
    const { status } = await gateway.call(path, { method: operation.method, claims: null });
    expect(status === 401).toBe(operation.security.length > 0);
  });
});

describe("another method gets 405, and the ones that the path answers", () => {
  const paths = new Set(routes.map(({ path }) => path).filter((path) => !path.startsWith(PASSED_THROUGH)));

  it.for([...paths])("%s", async (path, { gateway }) => {
    const call = { method: "PATCH", claims: { scope: "external operator" } };
    const { status, headers } = await gateway.call(path.replaceAll(/:\w+/g, "x"), call);
    const methods = routes.filter((route) => route.path === path).map(({ method }) => method);
    const allowed = methods.includes("GET") ? [...methods, "HEAD"] : methods;
    expect([status, new Set(headers.get("allow")?.split(", "))]).toEqual([405, new Set(allowed)]);
  });

  it("on docs/errors.md too", () => {
    const [, row = ""] = /^\| 405 `method_not_allowed` \| (`\/`[^|]*) \|/m.exec(errors) ?? [];
    const listed = [...row.matchAll(/`(\/[^`]*)`/g)].map(([, path = ""]) => path);
    const outside = [...paths].filter((path) => !path.startsWith(CONSOLE_API));
    expect(listed.filter((path) => !path.startsWith("/console/")).toSorted()).toEqual(
      [...outside.map((path) => path.replaceAll(/:(\w+)/g, "{$1}")), PASSED_THROUGH].toSorted(),
    );
  });
});
