import { type Clause, defineClauses } from "../clause.ts";
import { at, expect, listAt, textAt } from "../expect.ts";

const OPERATIONS = [
  ["post", "/actions/v1/stored-actions/{stored_action_id}/run"],
  ["get", "/actions/v1/stored-actions/{stored_action_id}/runs/{run_id}"],
  ["post", "/actions/v1/runs"],
  ["get", "/actions/v1/runs/{run_id}"],
  ["get", "/actions/v1/stored-actions/{stored_action_id}/runs/{run_id}/deliveries"],
  ["post", "/actions/v1/stored-actions/{stored_action_id}/runs/{run_id}/deliveries/redeliver"],
  ["get", "/callbacks/secret"],
  ["get", "/usage"],
  ["get", "/.well-known/jwks.json"],
] as const;

const clause = defineClauses("surface");

export const SURFACE: readonly Clause[] = [
  clause("healthz: GET /healthz is 200 while the gateway runs", async ({ http }) =>
    expect.status(await http.call("/healthz"), 200),
  ),
  clause("readyz: GET /readyz names each dependency and its state", async ({ http }) => {
    const answer = await http.call("/readyz");
    const states = Object.values(Object(at(expect.json(answer, 200, 503), "dependencies")));
    expect.that(states.length > 0, "it names no dependency");
    const isFine = states.every((state) => state === "ok");
    expect.that(isFine === (answer.status === 200), `a ${answer.status} with ${answer.text}`);
  }),
  clause("jwks: GET /.well-known/jwks.json: public Ed25519 keys, each with a kid", async ({ http }) => {
    const keys = listAt(expect.json(await http.call("/.well-known/jwks.json"), 200), "keys");
    expect.that(keys.length > 0, "there is no key");
    for (const key of keys) {
      expect.members(key, { crv: "Ed25519", d: undefined });
      expect.that(textAt(key, "kid") !== "" && textAt(key, "x") !== "", "a key without kid or x");
    }
  }),
  clause("openapi: GET /openapi.json is the contract as OpenAPI 3.1", async ({ http }) => {
    const document = expect.json(await http.call("/openapi.json"), 200);
    expect.match("openapi", at(document, "openapi"), /^3\.1\./);
    for (const [method, path] of OPERATIONS)
      expect.that(at(document, "paths", path, method) !== undefined, `${method} ${path} is not in it`);
  }),
  clause("docs: GET /docs is the contract as a page", async ({ http }) => {
    const answer = await http.call("/docs");
    expect.status(answer, 200);
    expect.header(answer, "content-type", /^text\/html\b/);
    expect.that(answer.text.includes("/stored-actions/"), "it does not name the main operation");
  }),
  clause("console: neither a caller's token nor none opens the operators' API", async ({ http, caller }) => {
    const page = await http.call("/console");
    expect.that(page.status < 500 && page.status !== 404, `GET /console answered ${page.status}`);
    for (const party of [http, caller]) expect.status(await party.call("/console/api/runs"), 401, 403);
  }),
  clause("completions: POST /completions/{ref} takes only refs that the gateway made", async ({ http }) => {
    const forged = `${"A".repeat(60)}.${"A".repeat(43)}`;
    const headers = { "content-type": "application/json" };
    for (const ref of ["x", forged]) {
      const answer = await http.call(`/completions/${ref}`, { method: "POST", headers, body: "{}" });
      expect.that(answer.status >= 400 && answer.status < 500, `answered ${answer.status}`);
    }
  }),
  clause("not-found: a path that does not exist is 404 not_found", async ({ http }) => {
    expect.error(await http.call("/there/is/no/such/path"), 404, "not_found");
  }),
  clause("method: another method is 405 method_not_allowed with Allow", async ({ http }) => {
    for (const request of ["POST /openapi.json", "DELETE /.well-known/jwks.json", "PUT /healthz"]) {
      const [method = "", path = ""] = request.split(" ");
      const answer = await http.call(path, { method });
      expect.error(answer, 405, "method_not_allowed");
      expect.header(answer, "allow", /\bGET\b/);
    }
  }),
];
