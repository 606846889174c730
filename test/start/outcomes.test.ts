// Contract, Idempotency: what is kept of a first request, row by row of the table.
import { describe, expect } from "vitest";
import { MINUTE, moveClock } from "../support/clock.ts";
import { freshForEach } from "../support/fresh.ts";
import { readClaims } from "../support/gate.ts";
import {
  ACTION,
  type Answer,
  buildStart,
  type Call,
  type Gateway,
  ID,
  it,
  makeGateway,
} from "../support/gateway.ts";
import { errorBody, json } from "../support/upstream.ts";

/** What the gateway makes of it. */
const ALICES_ID = "068b60a7-5cb4-559a-97ea-b65dc7da6945";

freshForEach();

function replayMarks({ headers }: Answer) {
  return [headers.get("idempotency-replayed"), headers.get("idempotency-payload-mismatch")];
}

function callersIds(gateway: Gateway): unknown[] {
  return gateway.upstream.starts.map(({ headers }) => headers.get("x-idempotency-id"));
}

function upstreamIds(gateway: Gateway): unknown[] {
  return gateway.upstream.starts.map(({ body }) => JSON.parse(body).data.idempotency_id);
}

describe("a 202", () => {
  it("is given again byte for byte, with current rate-limit headers", async ({ gateway }) => {
    const odd =
      '{ "data" : {"type":"run","id":"b1e7a1d0-0000-4000-8000-000000000001","n":12345678901234567890,"x":1.10} }\n';
    gateway.upstream.behave(() => new Response(odd, { status: 201 }));
    const first = await gateway.start({ idempotency_id: ID });
    moveClock(MINUTE);
    await gateway.start({});
    const second = await gateway.start({ idempotency_id: ID });
    expect([first.status, first.text, ...replayMarks(first)]).toEqual([202, odd, null, null]);
    expect([second.status, second.text, ...replayMarks(second)]).toEqual([202, odd, "true", null]);
    expect(second.headers.get("ratelimit")).toBe('"runs";r=198;t=240');
    expect(gateway.upstream.starts).toHaveLength(2);
  });

  it("belongs to the id in any case, and the upstream hears of one", async ({ gateway }) => {
    const first = await gateway.start({ idempotency_id: ID.toUpperCase() });
    const second = await gateway.start({ idempotency_id: ID });
    const third = await gateway.start({ idempotency_id: ID.toUpperCase() });
    expect([second.text, ...replayMarks(second)]).toEqual([first.text, "true", null]);
    expect([third.text, ...replayMarks(third)]).toEqual([first.text, "true", null]);
    expect(upstreamIds(gateway)).toEqual([ALICES_ID]);
    expect(callersIds(gateway)).toEqual([ID]);
  });

  it.for<{ name: string; data: unknown }>([
    { name: "other inputs", data: { inputs: { n: 2 }, idempotency_id: ID } },
    { name: "a page", data: { inputs: { n: 1 }, idempotency_id: ID, page: "1" } },
    { name: "a malformed one", data: { inputs: { n: 1 }, idempotency_id: ID, page: 1 } },
  ])("is given to another payload too, which is told so: $name", async ({ data }, { gateway }) => {
    const first = await gateway.start({ inputs: { n: 1 }, idempotency_id: ID });
    const second = await gateway.start(data);
    expect([second.text, ...replayMarks(second)]).toEqual([first.text, "true", "true"]);
    expect(gateway.upstream.starts).toHaveLength(1);
  });

  it("is given to another action and to a one-off run: the id is the user's", async ({ gateway }) => {
    const first = await gateway.start({ idempotency_id: ID });
    const other = ACTION.replaceAll("1", "9");
    for (const path of [`/actions/v1/stored-actions/${other}/run`, "/actions/v1/runs"]) {
      const second = await gateway.call(path, buildStart({ idempotency_id: ID }));
      expect([second.text, ...replayMarks(second)]).toEqual([first.text, "true", "true"]);
    }
    expect(gateway.upstream.starts).toHaveLength(1);
  });
});

describe("a refusal by the edge makes no claim", () => {
  it("400: the corrected request runs", async ({ gateway }) => {
    expect((await gateway.start({ idempotency_id: ID, page: 5 })).status).toBe(400);
    expect(await readClaims(gateway)).toEqual([]);
    const corrected = await gateway.start({ idempotency_id: ID, page: "5" });
    expect([corrected.status, ...replayMarks(corrected)]).toEqual([202, null, null]);
  });
});

describe("a refusal by the upstream releases the claim", () => {
  it.for([
    { status: 400, code: "bad_request" },
    { status: 402, code: "payment_required" },
    { status: 403, code: "permission_denied" },
    { status: 404, code: "not_found" },
    { status: 429, code: "too_many_requests" },
  ])("$status: the next one is forwarded afresh", async ({ status, code }, { gateway }) => {
    const fromUpstream: Call = { circumstances: { errorFrom: "upstream" } };
    gateway.upstream.behave(() => json(status, errorBody(status, code)));
    for (const _ of [1, 2]) {
      const refused = await gateway.start({ idempotency_id: ID }, fromUpstream);
      expect([refused.status, refused.body.errors[0].code]).toEqual([status, code]);
      expect(await readClaims(gateway)).toEqual([]);
    }
    gateway.upstream.behaveHonestly();
    const answer = await gateway.start({ idempotency_id: ID, inputs: { changed: true } });
    expect([answer.status, ...replayMarks(answer)]).toEqual([202, null, null]);
    expect(upstreamIds(gateway)).toEqual([ALICES_ID, ALICES_ID, ALICES_ID]);
  });
});

describe("an unknown outcome keeps the claim: the next one asks again under the same id, and one run comes of it", () => {
  it.each<[name: string, status: number, asked: number, answer: () => Response | Promise<Response>]>([
    ["500", 500, 1, () => new Response("no", { status: 500 })],
    ["503, twice", 503, 2, () => new Response("no", { status: 503 })],
    ["a 200 that names no run", 500, 1, () => json(200, { data: {} })],
    ["a lost connection, twice", 503, 2, () => Promise.reject(new Error("Network connection lost."))],
    ["a time-out", 503, 1, () => new Promise(() => undefined)],
  ])("%s", async (_name, status, asked, answer) => {
    const gateway = await makeGateway({ UPSTREAM_TIMEOUT_MS: "300" });
    // The worst case: the run was started, and then the answer got lost.
    gateway.upstream.behave((_request, honest) => {
      honest();
      return answer();
    });
    const first = await gateway.start({ idempotency_id: ID });
    expect([first.status, gateway.upstream.starts.length]).toEqual([status, asked]);
    expect(await readClaims(gateway)).toEqual([`${ID} open`]);
    gateway.upstream.behaveHonestly();
    const second = await gateway.start({ idempotency_id: ID });
    expect([second.status, ...replayMarks(second)]).toEqual([202, null, null]);
    const third = await gateway.start({ idempotency_id: ID });
    expect([third.text, ...replayMarks(third)]).toEqual([second.text, "true", null]);
    expect(new Set(upstreamIds(gateway))).toEqual(new Set([ALICES_ID]));
    expect(new Set(callersIds(gateway))).toEqual(new Set([ID]));
    expect(gateway.upstream.runs.size).toBe(1);
    expect(second.body.data.id).toBe(gateway.upstream.runUnder(ID));
  });

  it("another payload may take it over, and is told so", async ({ gateway }) => {
    gateway.upstream.behave(() => new Response("no", { status: 500 }));
    await gateway.start({ inputs: { n: 1 }, idempotency_id: ID });
    gateway.upstream.behaveHonestly();
    // The upstream may have run the first one, so the caller must notice, although nothing is replayed here.
    const second = await gateway.start({ inputs: { n: 2 }, idempotency_id: ID });
    expect([second.status, ...replayMarks(second)]).toEqual([202, null, "true"]);
  });

  it("a refusal of the edge's second try does not prove that the first started none", async ({ gateway }) => {
    gateway.upstream.behave((_request, honest) => {
      if (gateway.upstream.starts.length > 1) return json(404, errorBody(404, "not_found"));
      honest();
      return new Response("bad gateway", { status: 502 });
    });
    const first = await gateway.start({ idempotency_id: ID }, { circumstances: { errorFrom: "upstream" } });
    expect(first.status).toBe(404);
    expect(await readClaims(gateway)).toEqual([`${ID} open`]);
  });
});

describe("without an id of the caller's", () => {
  it("the edge makes one, another for each start", async ({ gateway }) => {
    await gateway.start({});
    await gateway.start({});
    const [one, two] = upstreamIds(gateway);
    expect(one).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(two).not.toBe(one);
    expect(callersIds(gateway)).toEqual([null, null]);
  });
});
