// The whole way of a run: from its start to its charge, with no part replaced but the upstream and the receiver.
import { base64url, createLocalJWKSet, jwtVerify } from "jose";
import { describe, expect } from "vitest";
import { freshForEach } from "../support/fresh.ts";
import { ACTION, buildStart, ID, ORIGIN } from "../support/gateway.ts";
import { HOOK, it, PAYING, type Received } from "../support/stage.ts";
import { json } from "../support/upstream.ts";

freshForEach();

describe("a run with an id, a callback and a charge", () => {
  it("is given to the upstream with the gateway's own callback_url", async ({ stage }) => {
    await stage.start({ idempotency_id: ID });
    const gate = (await stage.gateway.gateOf()).id.toString();
    const { data } = JSON.parse(stage.gateway.upstream.starts[0]?.body ?? "");
    expect(data.callback_url).toMatch(new RegExp(`^${ORIGIN}/completions/${gate}\\.${ID}\\.[\\w-]{43}$`));
    // Made of the user and that id.
    expect(data.idempotency_id).toBe("068b60a7-5cb4-559a-97ea-b65dc7da6945");
  });

  it("sends its receiver what a read returns, once, when its completion comes", async ({ stage }) => {
    const run = await stage.start({ idempotency_id: ID });
    expect((await stage.push(run)).status).toBe(202);
    expect(stage.queue.offered).toEqual([
      {
        v: 1,
        gate: (await stage.gateway.gateOf()).id.toString(),
        runKey: ID,
        notified: true,
        hintedRunId: run.runId,
        acceptance: null,
      },
    ]);
    await stage.drain();
    const read = await stage.gateway.call(`/actions/v1/stored-actions/${ACTION}/runs/${run.runId}`);
    expect(stage.received.map(({ url, body }) => ({ url, body }))).toEqual([{ url: HOOK, body: read.text }]);
    await stage.pass(86_400_000);
    expect(stage.received).toHaveLength(1);
  });

  it("proves itself to the receiver by both signatures", async ({ stage }) => {
    const run = await stage.finish(await stage.start());
    const { body: jwks } = await stage.gateway.call("/.well-known/jwks.json", { claims: null });
    const [received] = stage.received;
    if (received === undefined) throw new Error("nothing was received");
    expect(await verifyWebhook(received, jwks.keys[0] ?? expect.fail())).toBe(true);
    const token = received.headers.get("callback-signature") ?? "";
    const { payload } = await jwtVerify(token, createLocalJWKSet(jwks), { issuer: ORIGIN });
    expect(payload).toEqual({
      iss: ORIGIN,
      aud: new URL(HOOK).origin,
      sub_id: { format: "iss_sub", iss: stage.gateway.issuer.issuer, sub: "alice" },
      sub: run.runId,
      jti: received.headers.get("webhook-id"),
      iat: 2_208_988_800,
      exp: 2_208_989_100,
      body_sha256: await sha256(received.body),
    });
    expect(received.headers.get("content-type")).toBe("application/json");
  });

  it("shows its caller a delivered callback", async ({ stage }) => {
    const run = await stage.start();
    expect((await stage.deliveries(run.runId)).body.data).toEqual({
      state: "waiting",
      callback_url: HOOK,
      next_attempt_at: null,
      attempts: [],
    });
    await stage.finish(run);
    expect((await stage.deliveries(run.runId)).body.data).toEqual({
      state: "delivered",
      callback_url: HOOK,
      next_attempt_at: null,
      attempts: [{ number: 1, at: "2040-01-01T00:00:00.000Z", status: 204, duration_ms: 0, error: null }],
    });
  });

  it("has one name, however its action and the upstream spell it", async ({ stage }) => {
    const runId = crypto.randomUUID();
    const { upstream } = stage.gateway;
    upstream.runs.set(runId, runId);
    upstream.behave(({ method }, honest) =>
      method === "POST" ? json(202, { data: { type: "run", id: runId.toUpperCase() } }) : honest(),
    );
    const action = "/actions/v1/stored-actions/AAAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE";
    const start = buildStart({ callback_url: HOOK }, { claims: PAYING });
    const answer = await stage.gateway.call(`${action}/run`, start);
    expect(answer.body.data.id).toBe(runId.toUpperCase());
    await stage.finish({ ...stage.lastRef(), runId });
    const { runs, charges } = await stage.records();
    expect(runs).toMatchObject([{ run_id: runId }]);
    expect(charges).toMatchObject([
      { run_id: runId, stored_action_id: "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee" },
    ]);
    const path = `${action}/runs/${runId.toUpperCase()}/deliveries`;
    for (const spelled of [path, path.toLowerCase()])
      expect((await stage.gateway.call(spelled)).body.data).toMatchObject({ state: "delivered" });
  });

  it.for<[string, string]>([
    [
      "numbers that are not JavaScript's",
      `{"type":"run",  "status":"success","results":[{"n":12345678901234567890,"m":1.10,"é":"\\u00e9"}]}`,
    ],
    ["NaN in it", `{"type":"run","status":"success","results":[NaN]}`],
    ["a byte-order mark in front", `\ufeff{"type":"run","status":"success","results":[]}`],
  ])("is delivered byte for byte and charged with %s", async ([_name, text], { stage }) => {
    const run = await stage.start();
    stage.gateway.upstream.behave(
      () => new Response(text, { headers: { "content-type": "application/json" } }),
    );
    await stage.finish(run);
    expect(stage.received.map(({ body }) => body)).toEqual([text]);
    const { runs, charges } = await stage.records();
    expect(runs).toMatchObject([{ run_id: run.runId, result: "success", state: "delivered" }]);
    expect(charges).toMatchObject([{ run_id: run.runId }]);
  });

  it("of a one-off action is delivered as its read returns it", async ({ stage }) => {
    const data = { callback_url: HOOK, selected_api: "a@1" };
    const started = await stage.gateway.call("/actions/v1/runs", buildStart(data));
    await stage.finish({ ...stage.lastRef(), runId: started.body.data.id });
    const read = await stage.gateway.call(`/actions/v1/runs/${started.body.data.id}`);
    expect(stage.received.map(({ body }) => body)).toEqual([read.text]);
    expect(JSON.parse(read.text).data.id).toBe(started.body.data.id);
  });
});

/** As Standard Webhooks has it, by WebCrypto alone. */
async function verifyWebhook({ headers, body }: Received, jwk: JsonWebKey): Promise<boolean> {
  const key = await crypto.subtle.importKey("jwk", jwk, { name: "Ed25519" }, false, ["verify"]);
  const signatures = headers.get("webhook-signature")?.split(" ") ?? [];
  const signature = signatures.find((one) => one.startsWith("v1a,"))?.slice(4) ?? "";
  const signed = `${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${body}`;
  const bytes = Uint8Array.from(atob(signature), (character) => character.charCodeAt(0));
  return crypto.subtle.verify("Ed25519", key, bytes, new TextEncoder().encode(signed));
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return base64url.encode(new Uint8Array(digest));
}
