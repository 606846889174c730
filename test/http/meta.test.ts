// The gateway about itself, and the answers for what is not there.
import { reset } from "cloudflare:test";
import { afterEach, describe, expect, vi } from "vitest";
import { type Call, it, makeGateway, PAGE } from "../support/gateway.ts";
import { makeSigningKey } from "../support/tokens.ts";

const NO_TOKEN: Call = { claims: null };

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

describe("without a token a caller may ask for", () => {
  it("/healthz", async ({ gateway }) => {
    const { status, body } = await gateway.call("/healthz", NO_TOKEN);
    expect([status, body]).toEqual([200, { status: "ok" }]);
  });

  it("/.well-known/jwks.json: every signing key, in order, without a private member", async () => {
    const keys = [await makeSigningKey("new"), await makeSigningKey("old")];
    const gateway = await makeGateway({ SIGNING_KEYS: JSON.stringify({ keys }) });
    const { status, body } = await gateway.call("/.well-known/jwks.json", NO_TOKEN);
    expect(status).toBe(200);
    const shown = { kty: "OKP", crv: "Ed25519", alg: "EdDSA", use: "sig" };
    expect(body).toEqual({
      keys: [
        { ...shown, kid: "new", x: keys[0]?.x },
        { ...shown, kid: "old", x: keys[1]?.x },
      ],
    });
  });

  it("/openapi.json: it names the place where it was asked", async () => {
    const gateway = await makeGateway({ PUBLIC_URL: "https://edge.example" });
    const { status, body } = await gateway.call("/openapi.json", NO_TOKEN);
    expect([status, body.openapi]).toEqual([200, "3.1.0"]);
    expect(body.servers).toMatchObject([{ url: "https://edge.example" }]);
    expect(Object.keys(body.paths)).toContain("/actions/v1/stored-actions/{stored_action_id}/run");
  });

  it("/console/openapi.json: the operators' operations, which are not in the callers' document", async ({
    gateway,
  }) => {
    const [callers, operators] = [
      await gateway.call("/openapi.json", NO_TOKEN),
      await gateway.call("/console/openapi.json", NO_TOKEN),
    ].map(({ body }) => Object.keys(body.paths));
    expect(operators).toContain("/console/api/overview");
    expect(operators?.filter((path) => !path.startsWith("/console/api/"))).toEqual([]);
    expect(callers?.filter((path) => path.startsWith("/console/"))).toEqual([]);
  });

  it("/: every place that it names is there", async ({ gateway }) => {
    const { status, headers, text } = await gateway.call("/", { ...NO_TOKEN, ...PAGE });
    expect([status, headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    const places = [...text.matchAll(/ href="([^"]+)"/g)].map(([, path = ""]) => path);
    expect(places.length).toBeGreaterThan(6);
    for (const path of places) {
      const place = await gateway.call(path, { ...NO_TOKEN, ...PAGE });
      // Behind the console's door one signs in first.
      expect([200, 303]).toContain(place.status);
    }
  });

  it.for([
    ["/docs/", "/docs"],
    ["/console/", "/console"],
    ["/console/?span=week&x=%2F", "/console?span=week&x=%2F"],
  ])("%s: it leads to %s", async ([path, place], { gateway }) => {
    const { status, headers } = await gateway.call(path ?? "", NO_TOKEN);
    expect([status, headers.get("location")]).toEqual([308, place]);
  });

  it.for(["/healthz", "/.well-known/jwks.json", "/openapi.json"])("HEAD %s", async (path, { gateway }) => {
    const { status, text } = await gateway.call(path, { ...NO_TOKEN, method: "HEAD" });
    expect([status, text]).toEqual([200, ""]);
  });
});

describe("404 is in the published envelope", () => {
  it.for(["/admin", "/healthz/x", "/.well-known/openid-configuration", "/%", "/a%00b"])(
    "%s",
    async (path, { gateway }) => {
      const { status, body, headers } = await gateway.call(path, NO_TOKEN);
      expect(status).toBe(404);
      expect(body).toEqual({
        errors: [
          {
            status: 404,
            code: "not_found",
            title: "Not Found",
            detail: "There is nothing at this path.",
            source: null,
            meta: { request_id: headers.get("x-request-id") },
          },
        ],
      });
    },
  );
});

it("an answer says how long the gate and the upstream took", async ({ gateway }) => {
  const { headers } = await gateway.start({});
  expect(headers.get("server-timing")).toMatch(
    /^auth;dur=\d+, gate;dur=\d+, upstream;dur=\d+, total;dur=\d+$/,
  );
});

describe("a fault of ours", () => {
  it("is a bland 500; the reason is in the log", async () => {
    const lines = vi.spyOn(console, "log");
    const broken = {
      get idFromName(): never {
        throw new Error("secret-name is broken");
      },
    };
    const namespace: unknown = broken;
    const gateway = await makeGateway({}, () => ({ USER_GATE: namespace as Env["USER_GATE"] }));
    const { status, body, text } = await gateway.start({}, { circumstances: { rateLimit: "any" } });
    expect([status, body.errors[0].code]).toEqual([500, "external_service_error"]);
    expect(text).not.toContain("secret-name");
    const logged = lines.mock.calls.map(([line]) => JSON.parse(String(line)));
    expect(logged.find(({ event }) => event === "request.failed")).toMatchObject({
      request_id: body.errors[0].meta.request_id,
      error: "Error: secret-name is broken",
    });
    expect(logged.find(({ event }) => event === "request.served")).toMatchObject({
      status: 500,
      outcome: "failed",
    });
  });
});
