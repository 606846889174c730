import type { Clause } from "../clause.ts";
import {
  at,
  expectError,
  expectHeader,
  expectMatch,
  expectSame,
  expectStatus,
  expectThat,
  listAt,
  textAt,
  toJson,
} from "../expect.ts";

const OPERATIONS = [
  ["post", "/actions/v1/stored-actions/{stored_action_id}/run"],
  ["get", "/actions/v1/stored-actions/{stored_action_id}/runs/{run_id}"],
  ["post", "/actions/v1/runs"],
  ["get", "/actions/v1/runs/{run_id}"],
  ["get", "/actions/v1/stored-actions/{stored_action_id}/runs/{run_id}/deliveries"],
  ["post", "/actions/v1/stored-actions/{stored_action_id}/runs/{run_id}/deliveries/redeliver"],
  ["get", "/usage"],
  ["get", "/.well-known/jwks.json"],
] as const;

export const SURFACE: readonly Clause[] = [
  {
    id: "surface.healthz",
    text: "GET /healthz is 200 while the gateway runs",
    check: async ({ http }) => expectStatus(await http.call("/healthz"), 200),
  },
  {
    id: "surface.readyz",
    text: "GET /readyz names each dependency and its state",
    check: async ({ http }) => {
      const answer = await http.call("/readyz");
      expectStatus(answer, 200, 503);
      const states = Object.values(Object(at(toJson(answer), "dependencies")));
      expectThat(states.length > 0, "it names no dependency");
      const isFine = states.every((state) => state === "ok");
      expectThat(isFine === (answer.status === 200), `a ${answer.status} with ${answer.text}`);
    },
  },
  {
    id: "surface.jwks",
    text: "GET /.well-known/jwks.json has public Ed25519 keys, each with a kid, and nothing private",
    check: async ({ http }) => {
      const answer = await http.call("/.well-known/jwks.json");
      expectStatus(answer, 200);
      const keys = listAt(toJson(answer), "keys");
      expectThat(keys.length > 0, "there is no key");
      for (const key of keys) {
        expectSame("crv", at(key, "crv"), "Ed25519");
        expectThat(textAt(key, "kid") !== "" && textAt(key, "x") !== "", "a key without kid or x");
        expectSame("the private member d", at(key, "d"), undefined);
      }
    },
  },
  {
    id: "surface.openapi",
    text: "GET /openapi.json is the contract as OpenAPI 3.1",
    check: async ({ http }) => {
      const answer = await http.call("/openapi.json");
      expectStatus(answer, 200);
      const document = toJson(answer);
      expectMatch("openapi", at(document, "openapi"), /^3\.1\./);
      for (const [method, path] of OPERATIONS)
        expectThat(at(document, "paths", path, method) !== undefined, `${method} ${path} is not in it`);
    },
  },
  {
    id: "surface.docs",
    text: "GET /docs is the contract as a page",
    check: async ({ http }) => {
      const answer = await http.call("/docs");
      expectStatus(answer, 200);
      expectHeader(answer, "content-type", /^text\/html\b/);
      expectThat(answer.text.includes("/stored-actions/"), "it does not name the main operation");
    },
  },
  {
    id: "surface.console",
    text: "/console is the operators': a caller's token does not open its API, and no token neither",
    check: async ({ http, caller }) => {
      const page = await http.call("/console");
      expectThat(page.status < 500 && page.status !== 404, `GET /console answered ${page.status}`);
      expectStatus(await http.call("/console/api/runs"), 401, 403);
      expectStatus(await caller.call("/console/api/runs"), 401, 403);
    },
  },
  {
    id: "surface.completions",
    text: "POST /completions/{ref} takes no ref that the gateway did not make",
    check: async ({ http }) => {
      const forged = `${"A".repeat(60)}.${"A".repeat(43)}`;
      const headers = { "content-type": "application/json" };
      for (const ref of ["x", forged]) {
        const answer = await http.call(`/completions/${ref}`, { method: "POST", headers, body: "{}" });
        expectThat(answer.status >= 400 && answer.status < 500, `answered ${answer.status}`);
      }
    },
  },
  {
    id: "surface.not-found",
    text: "a path that does not exist is 404 not_found",
    check: async ({ http }) => {
      expectError(await http.call("/there/is/no/such/path"), 404, "not_found");
    },
  },
  {
    id: "surface.method",
    text: "another method is 405 method_not_allowed with Allow",
    check: async ({ http }) => {
      for (const [method, path] of [
        ["POST", "/openapi.json"],
        ["DELETE", "/.well-known/jwks.json"],
        ["PUT", "/healthz"],
      ] as const) {
        const answer = await http.call(path, { method });
        expectError(answer, 405, "method_not_allowed");
        expectHeader(answer, "allow", /\bGET\b/);
      }
    },
  },
];
