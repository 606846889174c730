// The TypeScript client (clients/typescript/) on the way through a real gateway to an upstream that fails as the test says:
// whatever happens to it, one call starts one run and gets its one result.
import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import { beforeEach, describe, expect, it } from "vitest";
import {
  ActionsClient,
  ActionsError,
  type CallOptions,
  type Progress,
  type paths,
  type Settings,
} from "../../clients/typescript/client.ts";
import { devToken } from "../../scripts/dev-token.ts";
import { ECHO } from "./support/caller.ts";
import { forFile, gatewayWith } from "./support/opened.ts";
import { Upstream, type UpstreamRun } from "./support/upstream.ts";

const RESULT = { status: "success", results: [{ n: 12345678901234567000, x: 1.1, é: "ü" }], nextPage: null };

const upstream = await forFile(Upstream.listen());
const gateway = await forFile(
  // A start's lease on its id, which outlives a gateway that is killed, lasts 5 s longer than the upstream's time-out.
  gatewayWith({ UPSTREAM_URL: upstream.url, UPSTREAM_TIMEOUT_MS: 8000, RATE_LIMIT_WINDOW_SECONDS: 2 }),
);

beforeEach(() => {
  upstream.fault = () => null;
  upstream.answerRead = () => false;
  upstream.beforeAnswer = (run) => upstream.end(run);
});

/** A client of a user of its own, and what it says of its progress. */
function newClient(settings: Partial<Settings> = {}, claims: Record<string, unknown> = {}) {
  const events: Progress[] = [];
  const tokenRequest = { sub: `user-${randomUUID()}`, scope: "external", expiresSeconds: 600, claims };
  const client = new ActionsClient({
    baseUrl: gateway.url,
    token: () => devToken(tokenRequest),
    ...settings,
  });
  const options = { onProgress: (event: Progress) => void events.push(event) } satisfies CallOptions;
  const says = () => events.map((event) => (event.kind === "retrying" ? event.reason : event.kind));
  return { client, events, options, says, tokenRequest };
}

function runsWith(callersId: string): UpstreamRun[] {
  return [...upstream.runs.values()].filter((run) => run.callersId === callersId);
}

async function findError(call: Promise<unknown>): Promise<ActionsError> {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof ActionsError) return error;
  throw new Error(`no ActionsError: ${String(error)}`);
}

describe("one run and one result", () => {
  it("when nothing fails, with an id that the client has made", async () => {
    const { client, events, options, says } = newClient();
    const result = await client.run(ECHO, { message: "Hello World!" }, options);
    expect(says()).toEqual(["started", "waiting"]);
    const [started] = events;
    const idempotencyId = started?.kind === "started" ? started.idempotencyId : "";
    const [run, ...others] = runsWith(idempotencyId);
    expect(others).toEqual([]);
    expect(run).toMatchObject({ starts: 1, inputs: { message: "Hello World!" } });
    expect(result).toEqual({ ...RESULT, runId: run?.id });
  });

  it("when the upstream has said yes, and the time is over before the client hears of it", async () => {
    const { promise: retried, resolve } = Promise.withResolvers<void>();
    upstream.beforeAnswer = async (run) => {
      upstream.end(run);
      await retried;
    };
    const { client, events, options } = newClient({ requestTimeoutMs: 2000 });
    const idempotencyId = randomUUID();
    const onProgress = (event: Progress) => {
      options.onProgress(event);
      if (event.kind === "retrying") resolve();
    };
    const result = await client.run(ECHO, {}, { idempotencyId, onProgress });
    expect(events[0]).toMatchObject({ reason: "no_answer", error: { cause: { name: "TimeoutError" } } });
    expect(runsWith(idempotencyId).map(({ id }) => id)).toEqual([result.runId]);
    expect(result).toMatchObject(RESULT);
  });

  it("when the window is exhausted: the start is repeated when it opens, not earlier", async () => {
    const { client, events, options } = newClient({}, { rate_limit: { limit_override: 1 } });
    await client.start(ECHO, {});
    const idempotencyId = randomUUID();
    const result = await client.run(ECHO, {}, { ...options, idempotencyId });
    const retries = events.filter((event) => event.kind === "retrying");
    expect(retries).toMatchObject([{ reason: "rate_limited", error: { status: 429 } }]);
    expect(retries[0]?.delayMs).toBeGreaterThanOrEqual(1000);
    expect(runsWith(idempotencyId)).toMatchObject([{ id: result.runId, starts: 1 }]);
  });

  it.each([
    ["cannot be reached", "reset", 2, "unavailable"],
    ["breaks down", 500, 1, "server_error"],
  ] as const)("when the upstream %s at first", async (_how, fault, times, reason) => {
    let left: number = times;
    upstream.fault = () => (left-- > 0 ? fault : null);
    const { client, events, options, says } = newClient();
    const idempotencyId = randomUUID();
    const result = await client.run(ECHO, {}, { ...options, idempotencyId });
    expect(says()).toEqual([reason, "started", "waiting"]);
    // Of a 503 the gateway says when to come back.
    const [retry] = events;
    expect(retry?.kind === "retrying" && retry.delayMs >= (reason === "unavailable" ? 1000 : 250)).toBe(true);
    expect(runsWith(idempotencyId)).toMatchObject([{ id: result.runId, starts: 1 }]);
  });

  it("when it takes long: one held read waits while the gateway asks the upstream again and again", async () => {
    upstream.beforeAnswer = () => undefined;
    let reads = 0;
    upstream.answerRead = (run) => {
      reads += 1;
      if (reads === 3) upstream.end(run);
      return false;
    };
    const { client, options, says } = newClient();
    expect(await client.run(ECHO, {}, options)).toMatchObject(RESULT);
    expect(says()).toEqual(["started", "waiting"]);
    expect(reads).toBeGreaterThanOrEqual(3);
  });

  it("when it takes longer than the call: the error names the run, for which another call waits", async () => {
    upstream.beforeAnswer = () => undefined;
    const { client } = newClient();
    const idempotencyId = randomUUID();
    const error = await findError(client.run(ECHO, {}, { idempotencyId, timeoutMs: 2500 }));
    const [run] = runsWith(idempotencyId);
    expect(error).toMatchObject({ status: null, idempotencyId, runId: run?.id });
    expect(["deadline_exceeded", "no_answer"]).toContain(error.code);
    if (run !== undefined) upstream.end(run);
    const result = await client.waitFor({ runId: error.runId ?? "", storedActionId: ECHO });
    expect(result).toMatchObject({ ...RESULT, runId: run?.id });
    expect(runsWith(idempotencyId)).toMatchObject([{ starts: 1 }]);
  });

  it("when the gateway is killed before it has answered the start, and again while the client waits", async () => {
    const killed: Promise<void>[] = [];
    const killOnce = (at: number) => {
      if (killed.length === at) killed.push(gateway.kill("SIGKILL").then(() => gateway.restart()));
    };
    upstream.beforeAnswer = () => killOnce(0);
    const { client, options, says } = newClient();
    const idempotencyId = randomUUID();
    const onProgress = (event: Progress) => {
      options.onProgress(event);
      if (event.kind !== "waiting") return;
      killOnce(1);
      for (const run of runsWith(idempotencyId)) upstream.end(run);
    };
    const result = await client.run(ECHO, {}, { idempotencyId, onProgress });
    await Promise.all(killed);
    expect(killed).toHaveLength(2);
    expect(says()).toEqual(expect.arrayContaining(["no_answer", "started", "waiting"]));
    expect(runsWith(idempotencyId).map(({ id }) => id)).toEqual([result.runId]);
    expect(result).toMatchObject(RESULT);
  });
});

describe("what else a call ends in", () => {
  it("a run that ended in error is a result", async () => {
    upstream.beforeAnswer = (run) => upstream.end(run, "error");
    const { client } = newClient();
    const errors = [{ code: "partner", title: "Partner", detail: "It said no." }];
    expect(await client.run(ECHO, {})).toMatchObject({ status: "error", errors });
  });

  it("what the gateway refuses is one error, with its parts, and is not repeated", async () => {
    const { client, says, options } = newClient();
    const idempotencyId = randomUUID();
    const refused = client.run(ECHO, {}, { ...options, idempotencyId, callbackUrl: "not a URL" });
    expect(await findError(refused)).toMatchObject({
      name: "ActionsError",
      status: 400,
      code: "bad_request",
      title: "Bad Request",
      detail: expect.stringMatching(/callback_url/),
      pointer: "/data/callback_url",
      requestId: expect.stringMatching(/^[\w-]{8,}$/),
      idempotencyId,
      runId: null,
    });
    expect(says()).toEqual([]);
  });

  it("a token that is refused is asked for once more, and no third time", async () => {
    const asked: boolean[] = [];
    const { client, tokenRequest } = newClient({
      token: (refresh) => {
        asked.push(refresh);
        return devToken({ ...tokenRequest, expiresSeconds: refresh ? 600 : -60 });
      },
    });
    await client.start(ECHO, {});
    expect(asked).toEqual([false, true]);
    asked.length = 0;
    const { client: stranger } = newClient({ token: (refresh) => `nonsense${asked.push(refresh)}` });
    expect(await findError(stranger.start(ECHO, {}))).toMatchObject({ status: 401, code: "unauthenticated" });
    expect(asked).toEqual([false, true]);
  });

  it.each([
    ["while it waits for a token", { token: () => new Promise<string>(() => undefined) }, null, null],
    ["between two attempts", {}, "reset", "retrying"],
    ["within a held read", {}, null, "waiting"],
  ] as const)("an abort %s ends the call at once, with its reason", async (_when, settings, fault, kind) => {
    upstream.beforeAnswer = () => undefined;
    upstream.fault = () => fault;
    const { client } = newClient(settings);
    const controller = new AbortController();
    const onProgress = (event: Progress) => {
      if (event.kind === kind) setTimeout(() => controller.abort("enough"), 50);
    };
    if (kind === null) setTimeout(() => controller.abort("enough"), 50);
    const startedAtMs = performance.now();
    const call = client.run(ECHO, {}, { signal: controller.signal, onProgress });
    await expect(call).rejects.toBe("enough");
    expect(performance.now() - startedAtMs).toBeLessThan(10_000);
  });
});

describe("without this client", () => {
  it("a stock client has the same types, for a start and a read", async () => {
    const token = await devToken({ sub: randomUUID(), scope: "external", expiresSeconds: 600, claims: {} });
    const headers = { Authorization: `Bearer ${token}` };
    const client = createClient<paths>({ baseUrl: gateway.url, headers });
    const body = { data: { inputs: {}, idempotency_id: randomUUID() } };
    const params = { path: { stored_action_id: ECHO } };
    const started = await client.POST("/actions/v1/stored-actions/{stored_action_id}/run", { params, body });
    const run_id = started.data?.data.id ?? expect.fail(JSON.stringify(started.error));
    const read = await client.GET("/actions/v1/stored-actions/{stored_action_id}/runs/{run_id}", {
      params: { path: { ...params.path, run_id }, query: { wait_seconds: 30 } },
    });
    expect(read.data).toMatchObject({ status: "success", id: run_id });
  });
});
