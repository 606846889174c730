// Everything else under /actions/: authenticated, and streamed both ways. Which paths are forwarded: test/security/paths.
import { reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { never } from "../support/bindings.ts";
import { type Call, type Gateway, makeGateway, ORIGIN } from "../support/gateway.ts";
import { errorBody, json } from "../support/upstream.ts";

const LIST = "/actions/v1/stored-actions";
const ONE = `${LIST}/11111111-2222-4333-8444-555555555555`;
const FROM_UPSTREAM: Call = { circumstances: { errorFrom: "upstream", rateLimit: "off" } };
const JSON_TYPE = { "content-type": "application/json" };

afterEach(() => {
  vi.restoreAllMocks();
  return reset();
});

let gateway: Gateway;

/** Its upstream answers whatever it is asked. */
beforeEach(async () => {
  gateway = await makeGateway();
  gateway.upstream.behave(() => json(200, { data: [] }));
});

describe("a request passes as it is", () => {
  it.each([
    { method: "GET", path: LIST, body: undefined },
    { method: "GET", path: `${LIST}?limit=10&cursor=a%2Fb&q=%22x%22`, body: undefined },
    { method: "POST", path: LIST, body: '{"data":{"n":1.10}}' },
    { method: "PUT", path: ONE, body: '{"data":{"n":12345678901234567890}}' },
    { method: "PATCH", path: ONE, body: '{"data": {}}\n' },
    { method: "DELETE", path: ONE, body: undefined },
    { method: "DELETE", path: ONE, body: "{}" },
    { method: "OPTIONS", path: LIST, body: undefined },
    { method: "HEAD", path: LIST, body: undefined },
  ])("$method $path $body", async ({ method, path, body }) => {
    const sent = { method, headers: JSON_TYPE, ...(body !== undefined && { body }) };
    expect((await gateway.call(path, sent)).status).toBe(200);
    expect(gateway.upstream.asked).toMatchObject([{ method, path, body: body ?? "" }]);
    expect(gateway.upstream.asked[0]?.headers.get("content-type")).toBe("application/json");
  });

  it.each(["GET", "HEAD"])("%s without the body that came with it, though it be empty", async (method) => {
    for (const body of ["", '{"data":{}}']) {
      const headers = { "content-length": String(body.length) };
      expect((await gateway.call(LIST, { method, body, headers })).status).toBe(200);
      expect(gateway.upstream.asked.splice(0)).toMatchObject([{ method, path: LIST, body: "" }]);
    }
  });

  it("GET without waiting for the end of such a body, or cutting off its sender", async () => {
    let isCancelled = false;
    const body = new ReadableStream<Uint8Array>({
      cancel() {
        isCancelled = true;
      },
    });
    expect((await gateway.call(LIST, { body })).status).toBe(200);
    expect(isCancelled).toBe(false);
  });

  it("bytes that are no text too", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
    let received = new Uint8Array();
    const UPSTREAM = upstream(async (request) => {
      received = new Uint8Array(await request.arrayBuffer());
      return new Response(bytes);
    });
    gateway = await makeGateway({}, () => ({ UPSTREAM }));
    const { response } = gateway.begin(ONE, { method: "PUT", body: bytes });
    expect(new Uint8Array(await (await response).arrayBuffer())).toEqual(bytes);
    expect(received).toEqual(bytes);
  });

  it.each(["PURGE", "PROPFIND", "TRACE", "CONNECT"].filter(isPossible))("but not %s", async (method) => {
    const { status, headers, body } = await gateway.call(LIST, { method });
    expect([status, body.errors[0].code]).toEqual([405, "method_not_allowed"]);
    expect(headers.get("allow")).toBe("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    expect(gateway.upstream.asked).toEqual([]);
  });

  it.each([
    { header: "Content-Encoding", coding: "gzip" },
    { header: "Content-Encoding", coding: "" },
    { header: "Transfer-Encoding", coding: "gzip, chunked" },
  ])("nor with a body that is encoded: $header $coding", async ({ header, coding }) => {
    const headers = { ...JSON_TYPE, [header]: coding };
    const { status, body } = await gateway.call(ONE, { method: "PUT", body: "{}", headers });
    expect([status, body.errors[0].code]).toEqual([400, "bad_request"]);
    expect(body.errors[0].source).toEqual({ header });
    expect(gateway.upstream.asked).toEqual([]);
  });

  it.each([
    { method: "PUT", encoding: "identity", body: "{}" },
    { method: "DELETE", encoding: "gzip", body: undefined },
    { method: "GET", encoding: "gzip", body: undefined },
    { method: "GET", encoding: "gzip", body: "{}" },
  ])("$method with $encoding and $body, of which nothing is encoded", async ({ method, encoding, body }) => {
    const headers = { "content-encoding": encoding };
    const sent = { method, headers, ...(body !== undefined && { body }) };
    expect((await gateway.call(ONE, sent)).status).toBe(200);
    expect(gateway.upstream.asked[0]?.headers.get("content-encoding")).toBeNull();
  });
});

describe("a request keeps its conditions", () => {
  it("and its key, on the way to an upstream of which no cache keeps a thing", async () => {
    const conditions = {
      "idempotency-key": "key-1",
      "if-modified-since": "Sun, 01 Jan 2040 00:00:00 GMT",
      "if-unmodified-since": "Sun, 01 Jan 2040 00:00:00 GMT",
    };
    const asked: Request[] = [];
    gateway = await makeGateway({}, () => ({
      UPSTREAM: upstream(async (request) => {
        asked.push(request);
        await request.text();
        return json(200, {});
      }),
    }));
    for (const method of ["GET", "DELETE"]) await gateway.call(ONE, { method, headers: conditions });
    await gateway.call(ONE, { method: "PUT", body: "{}", headers: conditions });
    expect(asked.map(({ cache }) => cache)).toEqual(["no-store", "no-store", "no-store"]);
    for (const { headers } of asked) expect(Object.fromEntries(headers)).toMatchObject(conditions);
  });
});

describe("an answer passes as it is", () => {
  it.each([
    { status: 200, body: '{ "data": [1.10, 12345678901234567890] }\n' },
    { status: 201, body: '{"data":{}}' },
    { status: 204, body: null },
    { status: 304, body: null },
  ])("$status", async ({ status, body }) => {
    gateway.upstream.behave(() => new Response(body, { status, headers: { etag: '"1"' } }));
    const answer = await gateway.call(LIST, { headers: { "if-none-match": '"1"' } });
    expect([answer.status, answer.text, answer.headers.get("etag")]).toEqual([status, body ?? "", '"1"']);
    expect(gateway.upstream.asked[0]?.headers.get("if-none-match")).toBe('"1"');
  });
});

describe("an answer leads its caller nowhere but to the gateway", () => {
  it.each([
    { name: "from the root", base: "" },
    { name: "from a path of UPSTREAM_URL", base: "/api" },
  ])("$name", async ({ base }) => {
    gateway = await makeGateway({ UPSTREAM_URL: `https://backend.internal${base}` });
    const headers = {
      location: `https://backend.internal${base}${ONE}`,
      link: `<${base}${LIST}?cursor=2>; rel=next, <http://backend.internal/admin>; rel=up`,
    };
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
      await new Request(input).text();
      return json(201, {}, headers);
    });
    const answer = await gateway.call(LIST, { method: "POST", body: "{}" });
    expect([answer.status, answer.headers.get("location")]).toEqual([201, `${ORIGIN}${ONE}`]);
    expect(answer.headers.get("link")).toBe(`<${ORIGIN}${LIST}?cursor=2>; rel=next`);
  });
});

describe("bodies are streamed", () => {
  it("to the upstream: it reads the beginning before the caller has sent the end", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const encoder = new TextEncoder();
    const firstChunk = Promise.withResolvers<string>();
    const UPSTREAM = upstream(async (request) => {
      const text = request.body?.pipeThrough(new TextDecoderStream()).getReader();
      const first = (await text?.read())?.value ?? "";
      firstChunk.resolve(first);
      const second = (await text?.read())?.value ?? "";
      return new Response(first + second);
    });
    gateway = await makeGateway({}, () => ({ UPSTREAM }));
    const { response } = gateway.begin(LIST, { method: "POST", body: readable });
    await writer.write(encoder.encode("the beginning, "));
    expect(await firstChunk.promise).toBe("the beginning, ");
    await Promise.all([writer.write(encoder.encode("the end")), writer.close()]);
    expect(await (await response).text()).toBe("the beginning, the end");
  });

  it("back to the caller: it reads the beginning before the upstream has sent the end", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const encoder = new TextEncoder();
    gateway.upstream.behave(() => new Response(readable));
    const written = writer.write(encoder.encode("the beginning"));
    const response = await gateway.begin(LIST).response;
    const text = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await text?.read())?.value).toBe("the beginning");
    await Promise.all([written, writer.close()]);
    expect((await text?.read())?.done).toBe(true);
  });
});

describe("an error", () => {
  it.each([400, 409, 429])("of %i in the envelope keeps its status and what it says", async (status) => {
    gateway.upstream.behave(() => json(status, errorBody(status, "name_taken")));
    const answer = await gateway.call(LIST, { method: "POST", body: "{}", ...FROM_UPSTREAM });
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual(errorBody(status, "name_taken"));
  });

  it("of 405 has its Allow, and one of 409 its Retry-After", async () => {
    const headers = { allow: "GET", "retry-after": "7" };
    gateway.upstream.behave(({ method }) => json(method === "PUT" ? 405 : 409, {}, headers));
    const refused = await gateway.call(ONE, { method: "PUT", body: "{}" });
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET"]);
    const conflict = await gateway.call(ONE, { method: "DELETE" });
    expect([conflict.status, conflict.headers.get("retry-after")]).toEqual([409, "7"]);
  });

  it("stands for an answer in a coding that the runtime does not decode", async () => {
    gateway.upstream.behave(() => json(200, { data: [] }, { "content-encoding": "deflate" }));
    const { status, body } = await gateway.call(LIST);
    expect([status, body.errors[0].code]).toEqual([500, "external_service_error"]);
  });

  it("larger than is read is replaced too", async () => {
    const error = { ...(errorBody(400, "bad_request") as object), pad: "x".repeat(100_000) };
    gateway.upstream.behave(() => json(400, error));
    const answer = await gateway.call(LIST);
    expect([answer.status, answer.body.errors[0].code]).toEqual([400, "bad_request"]);
    expect(answer.body.errors[0].detail).toBe("The actions backend refused the request.");
  });

  it.each<{ name: string; answer: () => Promise<Response> }>([
    { name: "a lost connection", answer: () => Promise.reject(new Error("Network connection lost.")) },
    { name: "a time-out", answer: never },
  ])("by $name is a 503, and is not tried again", async ({ answer }) => {
    gateway = await makeGateway({ UPSTREAM_TIMEOUT_MS: "100" });
    gateway.upstream.behave(answer);
    const { status, headers, text } = await gateway.call(LIST, { method: "POST", body: "{}" });
    expect([status, headers.get("retry-after")]).toEqual([503, "1"]);
    expect(text).not.toContain("Network");
    expect(gateway.upstream.asked).toHaveLength(1);
  });
});

/** The runtime itself refuses to send some methods. */
function isPossible(method: string): boolean {
  try {
    return new Request("https://edge.example", { method }).method === method;
  } catch {
    return false;
  }
}

/** An upstream that handles requests itself. */
function upstream(answer: (request: Request) => Promise<Response>): Fetcher {
  const fetcher: unknown = { fetch: answer };
  return fetcher as Fetcher;
}
