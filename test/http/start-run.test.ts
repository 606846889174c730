// What of a start reaches the upstream. What its answer comes to: test/start/outcomes.test.ts.
import { reset } from "cloudflare:test";
import { afterEach, describe, expect } from "vitest";
import { type Answer, buildStart, type Gateway, ID, it, RUN_PATH } from "../support/gateway.ts";

/** What the gateway makes of that ID of alice's. */
const SCOPED_ID = "068b60a7-5cb4-559a-97ea-b65dc7da6945";
const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
/** Numbers that a parse and a print would change, and blanks. */
const INPUTS = '"inputs" : { "n":12345678901234567890, "x":1.10 ,"y":1e400,"z":-0,"s":"\\u00e9" }';

afterEach(() => reset());

async function startText(gateway: Gateway, body: string): Promise<Answer> {
  const answer = await gateway.call(RUN_PATH, { ...buildStart({}), body });
  expect(answer.status).toBe(202);
  return answer;
}

/** The body of the last start, with the gateway's own words replaced by their kind. */
function arrived(gateway: Gateway): string | undefined {
  return gateway.upstream.starts
    .at(-1)
    ?.body.replace(new RegExp(`"http://127.0.0.1:8787/completions/[\\w.-]+"`), "COMPLETION")
    .replace(new RegExp(`"(?!${SCOPED_ID})${UUID}"`), "MADE");
}

describe("the body reaches the upstream digit for digit and blank for blank", () => {
  it.for<{ name: string; sent: string; arrives: string }>([
    {
      name: "without an id: one is put in, and nothing else changes",
      sent: `{"data": {${INPUTS}} }`,
      arrives: `{"data": {"idempotency_id":MADE,${INPUTS}} }`,
    },
    {
      name: "with an id: the one made of it takes its place, and nothing else changes",
      sent: `{"data": {${INPUTS}, "idempotency_id": "${ID}"} }\n`,
      arrives: `{"data": {${INPUTS}, "idempotency_id": "${SCOPED_ID}"} }\n`,
    },
    {
      name: "with an id in upper case: the same",
      sent: `{"data": {"idempotency_id" : "${ID.toUpperCase()}",${INPUTS}}}`,
      arrives: `{"data": {"idempotency_id" : "${SCOPED_ID}",${INPUTS}}}`,
    },
    {
      name: "with a callback: the gateway's own stands in its place",
      sent: `{"data": {${INPUTS},"callback_url": "https://client.example/hook"}}`,
      arrives: `{"data": {"idempotency_id":MADE,${INPUTS},"callback_url": COMPLETION}}`,
    },
    {
      name: "with both",
      sent: `{"x":1.10,"data":{"callback_url":"https://client.example/hook","idempotency_id":"${ID}",${INPUTS}},"e":1e400}`,
      arrives: `{"x":1.10,"data":{"callback_url":COMPLETION,"idempotency_id":"${SCOPED_ID}",${INPUTS}},"e":1e400}`,
    },
    { name: "empty data", sent: '{"data":{}}', arrives: '{"data":{"idempotency_id":MADE}}' },
  ])("$name", async ({ sent, arrives }, { gateway }) => {
    await startText(gateway, sent);
    expect(arrived(gateway)).toBe(arrives);
  });

  it("a one-off run's too, at its own path", async ({ gateway }) => {
    const body = `{"data":{"selected_api":"SlackCLIAPI@1.0.0","action_key":"m","idempotency_id":"${ID}",${INPUTS}}}`;
    await gateway.call("/actions/v1/runs", { ...buildStart({}), body });
    expect(gateway.upstream.starts[0]).toMatchObject({
      path: "/actions/v1/runs",
      body: body.replace(ID, SCOPED_ID),
    });
  });

  it("a billable run without a callback reports to the gateway too", async ({ gateway }) => {
    const claims = { billing: '{"is_billable":true}' };
    await gateway.start({ idempotency_id: ID }, { claims });
    expect(arrived(gateway)).toBe(`{"data":{"callback_url":COMPLETION,"idempotency_id":"${SCOPED_ID}"}}`);
  });
});
