// A start at the upstream: one budget for all of it, one more try where that is safe and of use, and what each answer
// means for the run.
import { describe, expect, it } from "vitest";
import { buildUpstream, readError, type StartOutcome, startAtUpstream } from "../../src/upstream/client.ts";
import { never } from "../support/bindings.ts";
import { gzip } from "../support/gzip.ts";
import { errorBody, json } from "../support/upstream.ts";

const MEBIBYTE = 1_048_576;
const RUN_ID = "b1e7a1d0-0000-4000-8000-000000000001";
const ACCEPTED = `{"data":{"type":"run","id":"${RUN_ID}"}}`;
const BODY = '{"data":{"idempotency_id":"0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11"}}';

type Answer = () => Response | Promise<Response>;

/** Starts a run at an upstream that answers so, one answer a try. */
async function start(answers: Answer[], budgetMs = 2_000) {
  const asked: { url: string; body: string; requestId: string | null }[] = [];
  const caches: (string | undefined)[] = [];
  const sender = {
    async fetch(request: Request): Promise<Response> {
      const requestId = request.headers.get("x-request-id");
      asked.push({ url: request.url, body: await request.text(), requestId });
      caches.push(request.cache);
      const answer = answers[asked.length - 1];
      if (answer === undefined) throw new Error("asked once too often");
      return answer();
    },
  };
  const request = { path: "/actions/v1/runs", headers: { "x-request-id": "r1" }, body: BODY };
  const startedAtMs = Date.now();
  const outcome = await startAtUpstream({ sender, baseUrl: "https://upstream" }, request, budgetMs);
  return { asked, caches, outcome, tookMs: Date.now() - startedAtMs };
}

const say = (body: BodyInit, status = 202): Answer => {
  return () => new Response(body, { status });
};
const accept = say(ACCEPTED);
const fail = (status: number) => say("no", status);
const respelled: Answer = () =>
  new Response(gzip(ACCEPTED), { status: 202, headers: { "content-encoding": "GZIP" } });
/** In a coding that nothing here decodes. */
const encoded = (status: number): Answer => {
  return () => new Response(ACCEPTED, { status, headers: { "content-encoding": "deflate" } });
};
/** Says gzip, and is none. */
const unzippable = (status: number): Answer => {
  const headers = { "content-encoding": "gzip" };
  return () => new Response("no gzip", { status, headers, encodeBody: "manual" });
};
const lose: Answer = () => Promise.reject(new Error("Network connection lost."));
const refuse: Answer = () => json(402, errorBody(402, "payment_required"));

const breakOff =
  (status: number): Answer =>
  () => {
    const broken = new ReadableStream({
      type: "bytes",
      pull: (controller) => controller.error(new Error("lost")),
    });
    return new Response(broken, { status });
  };

function meaning(outcome: StartOutcome): unknown[] {
  return outcome.kind === "accepted"
    ? [outcome.kind, outcome.runId]
    : [outcome.kind, outcome.problem.status, outcome.problem.problem.code];
}

describe("what an answer means", () => {
  const NONSENSE = ["unknown", 500, "external_service_error"];
  it.each<[string, Answer, unknown[]]>([
    ["202 with a run", accept, ["accepted", RUN_ID]],
    ["200 with a run", () => new Response(ACCEPTED), ["accepted", RUN_ID]],
    ["202 without a body", () => new Response(null, { status: 202 }), NONSENSE],
    ["a 402 that breaks off", breakOff(402), ["refused", 402, "payment_required"]],
    ["a 404 in no gzip", unzippable(404), ["refused", 404, "not_found"]],
    ["204", () => new Response(null, { status: 204 }), NONSENSE],
    ["202 in GZIP", respelled, ["accepted", RUN_ID]],
    ["202 in another coding", encoded(202), NONSENSE],
    ["402 in another coding", encoded(402), ["refused", 402, "payment_required"]],
    ["202 without data", () => json(202, { id: RUN_ID }), NONSENSE],
    ["202 without an id", () => json(202, { data: { type: "run" } }), NONSENSE],
    ["202 with a number for an id", () => json(202, { data: { id: 7 } }), NONSENSE],
    ["202 with an id that is no UUID", () => json(202, { data: { id: "7" } }), NONSENSE],
    ["202 with an inherited id", say(`{"__proto__":{"data":{"id":"${RUN_ID}"}}}`), NONSENSE],
    ["202 that is not UTF-8", say(new Uint8Array([0x22, 0xff, 0x22])), NONSENSE],
    ["202 that is larger than a megabyte", say(`${ACCEPTED}${" ".repeat(MEBIBYTE)}`), NONSENSE],
    ["404 that is larger than a megabyte", say("x".repeat(MEBIBYTE + 1), 404), ["refused", 404, "not_found"]],
    ["302", fail(302), NONSENSE],
    ["400", fail(400), ["refused", 400, "bad_request"]],
    ["401", fail(401), ["refused", 500, "external_service_error"]],
    ["404", fail(404), ["refused", 404, "not_found"]],
    ["500", fail(500), NONSENSE],
  ])("%s, without another try", async (_name, answer, means) => {
    const { asked, outcome } = await start([answer]);
    expect(meaning(outcome)).toEqual(means);
    expect(asked).toHaveLength(1);
  });

  it("a byte-order mark before it is passed over, and goes no further", async () => {
    const body = `{"data":{"id":"${RUN_ID}"}}`;
    const { outcome } = await start([() => new Response(`\uFEFF${body}`)]);
    expect(outcome).toEqual({ kind: "accepted", body, runId: RUN_ID });
  });

  it("an error keeps what it says behind a byte-order mark", async () => {
    const error = { code: "x", title: "t", detail: "d" };
    const body = `\uFEFF${JSON.stringify({ errors: [error] })}`;
    expect(await readError(new Response(body, { status: 422 }), 1_000)).toEqual({ errors: [error] });
  });

  it("no cache keeps it, or gives it", async () => {
    expect((await start([accept])).caches).toEqual(["no-store"]);
  });

  it("the body is kept as it came", async () => {
    const odd = `{ "data" : {"id":"${RUN_ID}","n":12345678901234567890,"x":1.10} }\n`;
    const { outcome } = await start([() => new Response(odd)]);
    expect(outcome).toEqual({ kind: "accepted", body: odd, runId: RUN_ID });
  });
});

const comeLater = () => new Response(null, { status: 503, headers: { "retry-after": "120" } });

describe("one more try", () => {
  it.each<{ name: string; first: Answer }>([
    { name: "a lost connection", first: lose },
    { name: "502", first: fail(502) },
    { name: "503", first: fail(503) },
    { name: "504", first: fail(504) },
    {
      name: "Cloudflare's 521, which says to come in two minutes",
      first: () => new Response("error code: 521", { status: 521, headers: { "retry-after": "120" } }),
    },
    { name: "an answer that breaks off", first: breakOff(202) },
  ])("after $name, in the same words", async ({ first }) => {
    const { asked, outcome } = await start([first, accept]);
    expect(meaning(outcome)).toEqual(["accepted", RUN_ID]);
    const url = "https://upstream/actions/v1/runs";
    const again = { url, body: BODY, requestId: "r1" };
    expect(asked).toEqual([again, again]);
  });

  it("is not made before the time that the upstream has named", async () => {
    const { asked, outcome } = await start([comeLater]);
    expect(outcome).toMatchObject({ kind: "unknown", problem: { problem: { retryAfterSeconds: 120 } } });
    expect(asked).toHaveLength(1);
  });

  it.each<{ name: string; answers: [Answer, Answer]; means: unknown[] }>([
    { name: "lost, lost", answers: [lose, lose], means: ["unknown", 503, "service_unavaiable"] },
    { name: "503, 503", answers: [fail(503), fail(503)], means: ["unknown", 503, "service_unavaiable"] },
    { name: "502, 500", answers: [fail(502), fail(500)], means: ["unknown", 500, "external_service_error"] },
    // The first may have started a run, so a refusal of the second is no proof that there is none.
    { name: "503, 402", answers: [fail(503), refuse], means: ["unknown", 402, "payment_required"] },
    { name: "lost, 404", answers: [lose, fail(404)], means: ["unknown", 404, "not_found"] },
  ])("and no third: $name ends as $means", async ({ answers, means }) => {
    const { asked, outcome } = await start(answers);
    expect(meaning(outcome)).toEqual(means);
    expect(asked).toHaveLength(2);
  });
});

describe("the budget", () => {
  const SLOW = "The actions backend took too long to answer.";

  it.each<{ name: string; answer: Answer }>([
    { name: "an upstream that does not answer", answer: never },
    {
      name: "an answer that does not end",
      answer: () => new Response(new IdentityTransformStream().readable),
    },
  ])("ends $name, without another try", async ({ answer }) => {
    const { asked, outcome, tookMs } = await start([answer], 300);
    expect(outcome).toMatchObject({ kind: "unknown", problem: { status: 503, problem: { detail: SLOW } } });
    expect(asked).toHaveLength(1);
    expect(tookMs).toBeGreaterThanOrEqual(295);
    expect(tookMs).toBeLessThan(1_500);
  });

  it("is one for both attempts", async () => {
    const { asked, outcome, tookMs } = await start([fail(503), never], 400);
    expect(meaning(outcome)).toEqual(["unknown", 503, "service_unavaiable"]);
    expect(asked).toHaveLength(2);
    expect(tookMs).toBeGreaterThanOrEqual(395);
    expect(tookMs).toBeLessThan(1_500);
  });

  it("leaves out a second try that would have no time", async () => {
    const { asked, outcome } = await start([fail(503)], 140);
    expect(meaning(outcome)).toEqual(["unknown", 503, "service_unavaiable"]);
    expect(asked).toHaveLength(1);
  });
});

describe("which upstream", () => {
  const binding = { fetch: () => Promise.resolve(new Response()) };

  it("UPSTREAM_URL wins over the binding", () => {
    const upstream = buildUpstream({ upstreamUrl: "https://up.example/base" }, binding);
    expect(upstream?.baseUrl).toBe("https://up.example/base");
    expect(upstream?.sender).not.toBe(binding);
  });

  it("the binding without it", () => {
    expect(buildUpstream({ upstreamUrl: null }, binding)).toEqual({
      sender: binding,
      baseUrl: "https://upstream",
    });
  });

  it("none without both", () => {
    expect(buildUpstream({ upstreamUrl: null }, undefined)).toBeNull();
  });
});
