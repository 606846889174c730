// What is wrong with the body that asks for a redelivery batch.
import { beforeEach, describe, expect, it } from "vitest";
import { ask, post } from "../console/bench.ts";
import { type Gateway, makeGateway } from "../support/gateway.ts";
import { freshIndex } from "../support/operators-index.ts";
import { TestQueue } from "../support/queue.ts";
import { times } from "../support/times.ts";

const JSON_BODY = { "content-type": "application/json" };

let gateway: Gateway;
let queue: TestQueue;

beforeEach(async () => {
  await freshIndex();
  gateway = await makeGateway();
  queue = new TestQueue();
  queue.install();
});

describe("a body names its own fault", () => {
  it.each<[unknown, string, string]>([
    [{}, "", "The body must have run_ids, host, reason, http_status, dismissed, from or to."],
    [[], "", "The body must be an object."],
    [{ run_ids: [] }, "/run_ids", "/run_ids must not be empty."],
    [{ run_ids: "all" }, "/run_ids", "/run_ids must be a list."],
    [{ run_ids: ["1"] }, "/run_ids/0", "/run_ids/0 must be a UUID."],
    [
      { run_ids: times(1_001, () => crypto.randomUUID()) },
      "/run_ids",
      "/run_ids must have at most 1000 entries.",
    ],
    [{ run_ids: [crypto.randomUUID()], host: "a.example" }, "/run_ids", "/run_ids must stand alone."],
    [{ run_ids: [crypto.randomUUID()], reason: "x" }, "/run_ids", "/run_ids must stand alone."],
    [{ host: 1 }, "/host", "/host must be a string."],
    [{ reason: "" }, "/reason", "/reason must not be empty."],
    [{ host: "" }, "/host", "/host must not be empty."],
    [{ from: "now" }, "/from", "/from must be an RFC 3339 date-time such as 2026-11-01T00:00:00Z."],
    [{ http_status: 600 }, "/http_status", "/http_status must be a status code such as 503, or none."],
    [{ http_status: 99 }, "/http_status", "/http_status must be a status code such as 503, or none."],
    [{ http_status: "5%" }, "/http_status", "/http_status must be a status code such as 503, or none."],
    [{ dismissed: "yes" }, "/dismissed", "/dismissed must be a boolean."],
    [{ host: "a.example", dismissal: "x" }, "/dismissal", "/dismissal is unknown."],
    [{ hosts: "a.example" }, "/hosts", "/hosts is unknown."],
    [
      { from: "2026-11-02T00:00:00Z", to: "2026-11-02T00:00:00+01:00" },
      "/from",
      "/from must not be later than /to.",
    ],
    ["{", "", "The body is not valid JSON."],
    ["[1]", "", "The body must be an object."],
    ['{"host":"a.example","h\\u006fst":"b.example"}', "/host", "/host stands twice."],
    ['{"a/b":{"host":1,"host":2},"a/b":3}', "/a~1b", "/a~1b stands twice."],
  ])("%j", async (body, pointer, detail) => {
    const asText = { body: typeof body === "string" ? body : JSON.stringify(body), headers: JSON_BODY };
    const answer = await post(gateway, "/dead-letters/redeliver", undefined, asText);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toMatchObject([{ detail, source: { pointer } }]);
    expect(queue.offered).toEqual([]);
  });

  it.each([
    [{ host: "a.example" }, "/dismissal must be a string."],
    [{ host: "a.example", dismissal: " " }, "/dismissal must not be empty."],
    [{ host: "a.example", dismissal: "x".repeat(501) }, "/dismissal must have at most 500 characters."],
    [{ dismissal: "x" }, "The body must have run_ids, host, reason, http_status, dismissed, from or to."],
  ])("and so does one that dismisses", async (body, detail) => {
    const answer = await post(gateway, "/dead-letters/dismiss", body);
    expect([answer.status, answer.body.errors[0].detail]).toEqual([400, detail]);
    expect(queue.offered).toEqual([]);
  });

  it("and one that is too large is 413", async () => {
    const large = { body: `{"host":"${"x".repeat(70_000)}"}`, headers: JSON_BODY };
    expect((await post(gateway, "/dead-letters/redeliver", undefined, large)).status).toBe(413);
    expect((await ask(gateway, `/redeliveries/${crypto.randomUUID()}`)).status).toBe(404);
  });
});
