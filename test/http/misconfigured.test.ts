// A gateway with a bad setting serves nothing but its own health, names nothing to callers, and everything to the log.
import { createExecutionContext, reset, waitOnExecutionContext } from "cloudflare:test";
import { afterEach, describe, expect, vi } from "vitest";
import { createApp } from "../../src/app.ts";
import { counting } from "../support/bindings.ts";
import { buildStart, type Call, it, makeGateway, RUN_PATH } from "../support/gateway.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

const ANY: Call = { circumstances: { rateLimit: "any" } };

function logged(lines: unknown[][]): { event: string; problems?: string[]; outcome?: string }[] {
  return lines.map(([line]) => JSON.parse(String(line)));
}

describe("a gateway with bad settings", () => {
  const BAD = { RATE_LIMIT_DEFAULT: "lots", UPSTREAM_AUTH: "hunter2" };

  it.each<{ path: string; call: Call }>([
    { path: RUN_PATH, call: buildStart({}, ANY) },
    { path: "/actions/v1/runs/b1e7a1d0-0000-4000-8000-000000000001", call: ANY },
    { path: "/actions/v1/stored-actions", call: ANY },
    { path: "/.well-known/jwks.json", call: ANY },
    { path: "/openapi.json", call: ANY },
    { path: "/usage", call: ANY },
  ])("answers $path with a 500 that names nothing, and calls no binding", async ({ path, call }) => {
    const calls: string[] = [];
    const gateway = await makeGateway(BAD, counting(calls));
    const { status, body, text } = await gateway.call(path, call);
    expect([status, body.errors[0].code]).toEqual([500, "external_service_error"]);
    expect(body.errors[0].detail).toBe("The gateway is not configured.");
    expect(text).not.toMatch(/RATE_LIMIT|UPSTREAM|hunter2|lots/);
    expect(calls).toEqual([]);
  });

  it("is alive all the same", async () => {
    const gateway = await makeGateway(BAD);
    expect((await gateway.call("/healthz", { claims: null })).status).toBe(200);
  });

  it("says what is wrong in the log, all of it, without its content", async () => {
    const lines = vi.spyOn(console, "log");
    const gateway = await makeGateway(BAD);
    await gateway.start({}, ANY);
    const events = logged(lines.mock.calls);
    expect(events).toMatchObject([
      {
        event: "settings.invalid",
        problems: [
          "UPSTREAM_AUTH must be one of gateway, caller",
          "RATE_LIMIT_DEFAULT must be a whole number from 1 to 1000000",
        ],
      },
      { event: "request.served", outcome: "misconfigured", status: 500 },
    ]);
    expect(JSON.stringify(events)).not.toContain("hunter2");
  });
});

describe("a gateway without an upstream", () => {
  it("serves nothing, and says so in the log", async () => {
    const lines = vi.spyOn(console, "log");
    const gateway = await makeGateway({}, (env) => {
      const { UPSTREAM: _, ...others } = env;
      return { ...others, UPSTREAM: undefined as never };
    });
    expect((await gateway.start({}, ANY)).status).toBe(500);
    expect(logged(lines.mock.calls).find(({ event }) => event === "settings.invalid")?.problems).toEqual([
      "UPSTREAM_URL or a service binding UPSTREAM is required",
    ]);
  });
});

describe("a gateway without a PUBLIC_URL", () => {
  it("stands where the request says, on loopback, where no other host can choose the name", async ({
    gateway,
  }) => {
    const { body } = await gateway.call("/openapi.json", { claims: null });
    expect(body.servers).toMatchObject([{ url: "http://127.0.0.1:8787" }]);
  });

  it("serves no caller anywhere else", async () => {
    const { env, issuer } = await makeGateway();
    const context = createExecutionContext();
    const headers = { authorization: `Bearer ${await issuer.token()}` };
    for (const path of ["/openapi.json", "/actions/v1/stored-actions", "/usage"]) {
      const request = new Request(`https://chosen.example${path}`, { headers });
      const response = await createApp().fetch(request, env, context);
      expect([path, response.status]).toEqual([path, 500]);
      expect(await response.text()).not.toContain("PUBLIC_URL");
    }
    await waitOnExecutionContext(context);
  });
});
