import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { buildUserKey } from "../../src/auth/caller.ts";
import { encodeUsageCursor } from "../../src/http/usage-cursor.ts";
import { type Kept, keepRuns } from "../console/bench.ts";
import { failing } from "../support/bindings.ts";
import { type Gateway, ID, makeGateway } from "../support/gateway.ts";
import { freshIndex } from "../support/operators-index.ts";
import { BILLING } from "../support/terms.ts";
import { words } from "../support/words.ts";

const NOVEMBER = "/usage?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z";
const CSV = { headers: { accept: "text/csv" } };
const CHARGED_AT_MS = Date.parse("2026-11-20T12:00:02Z");

let gateway: Gateway;

beforeEach(async () => {
  await freshIndex();
  vi.useFakeTimers({ toFake: ["Date"], now: CHARGED_AT_MS });
  gateway = await makeGateway();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Charges so many runs of a user, without a callback. Answers with their ids. */
async function charge(kept: Kept = {}, n = 1, subject = "alice"): Promise<string[]> {
  const userKey = await buildUserKey(gateway.issuer.issuer, subject);
  return keepRuns(n, { ...kept, terms: { userKey, subject, callbackUrl: null, ...kept.terms } });
}

/** RFC 4180, written for these tests alone: throws on anything that the grammar does not know. */
function parseCsv(text: string): (string | null)[][] {
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  const rows: (string | null)[][] = [];
  let row: (string | null)[] = [];
  while (field.lastIndex < text.length) {
    const at = field.lastIndex;
    const [, quoted, plain, end] = field.exec(text) ?? [];
    if (end === undefined) throw new Error(`no CSV at ${at}: ${JSON.stringify(text.slice(at, at + 40))}`);
    row.push(quoted === undefined ? plain || null : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  if (row.length > 0) throw new Error("the last row does not end");
  return rows;
}

describe("GET /usage", () => {
  it("answers a caller's own charges, as the contract has them", async () => {
    const billing = { ...BILLING, origin: "partner", exemption_reason: "trial" };
    await charge({ runId: ID, terms: { billing } });
    await charge({}, 1, "bob");
    const answer = await gateway.call(NOVEMBER);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("vary")).toBe("Accept");
    expect(answer.body).toEqual({
      data: [
        {
          run_id: "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11",
          stored_action_id: "11111111-2222-4333-8444-555555555555",
          charged_at: "2026-11-20T12:00:02.000Z",
          tasks: 1,
          origin: "partner",
          usage_type: "action_run",
          description: "an action was run via Actions API",
          exemption_reason: "trial",
          exemption_details: null,
        },
      ],
      next_cursor: null,
    });
  });

  it("answers 250 charges of one millisecond on three pages, each once", async () => {
    const charged = await charge({}, 250);
    const sizes: number[] = [];
    const ids: string[] = [];
    let cursor: string | null = "";
    do {
      const { body } = await gateway.call(`${NOVEMBER}&cursor=${cursor}`);
      sizes.push(body.data.length);
      ids.push(...body.data.map((row) => row.run_id));
      cursor = body.next_cursor;
    } while (cursor !== null && sizes.length < 10);
    expect(sizes).toEqual([100, 100, 50]);
    expect(ids).toEqual(charged);
  });

  it("counts as a read", async () => {
    const small = await makeGateway({ READ_LIMIT: "2" });
    const answers = [await small.call(NOVEMBER), await small.call("/usage"), await small.call(NOVEMBER)];
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 429]);
    expect(answers[0]?.headers.get("ratelimit-policy")).toBe('"results";q=2;w=300');
  });

  it("answers 503 while its gate is away", async () => {
    const { issuer } = gateway;
    const away = await makeGateway({}, failing(/^USER_GATE\.usage$/), { issuer });
    const answer = await away.call(NOVEMBER);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(answer.text).not.toContain("down");
  });

  it("does not notice that D1, KV or the queue is away", async () => {
    const { issuer } = gateway;
    const [runId] = await charge();
    const away = await makeGateway({}, failing(/^(OPERATORS_DB|KV|RUNS)\b/), { issuer });
    expect((await away.call(NOVEMBER)).body.data).toMatchObject([{ run_id: runId }]);
  });
});

describe("a bad request names the parameter at fault", () => {
  const FROM = "?from=2026-11-01T00:00:00Z";
  const MOMENT = "must be an RFC 3339 date-time such as 2026-11-01T00:00:00Z (in a URL, + is written %2B).";
  const CURSOR = "must be the next_cursor of a page of the same span.";
  const GOOD = encodeUsageCursor(Date.parse("2026-11-02T00:00:00Z"));
  const TWO_CURSORS = `cursor=${GOOD}&cursor=${GOOD}`;
  it.each([
    ["", "from", "from is required."],
    [`${FROM}&to=2026-12-01T00:00:00+01:00`, "to", `to ${MOMENT}`],
    [`${FROM}&to=2026-12-01T00:00:00Z&cursor=x`, "cursor", `cursor ${CURSOR}`],
    [`${FROM}&to=2026-12-01T00:00:00Z&from=2026-10-01T00:00:00Z`, "from", `from ${MOMENT}`],
    [`${FROM}&to=2026-12-01T00:00:00Z&to=2026-12-01T00:00:00Z`, "to", `to ${MOMENT}`],
    [`${FROM}&to=2026-12-01T00:00:00Z&${TWO_CURSORS}`, "cursor", `cursor ${CURSOR}`],
  ])("/usage%s", async (query, parameter, detail) => {
    const { status, body } = await gateway.call(`/usage${query}`);
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ code: "bad_request", detail, source: { parameter } }]);
  });

  it("and takes each of them once, beside any that it does not know", async () => {
    const query = `${FROM}&to=2026-12-01T00:00:00Z&cursor=${GOOD}&page=1&page=2`;
    expect((await gateway.call(`/usage${query}`)).status).toBe(200);
  });
});

describe("as CSV", () => {
  const HEADER = words`
    run_id stored_action_id charged_at tasks origin usage_type description exemption_reason
    exemption_details`;

  it("says the same as the JSON, whatever the texts are", async () => {
    const nasty = [
      { description: 'a "quoted", comma' },
      { description: "two\r\nlines", exemption_reason: "", exemption_details: "," },
      { description: "=HYPERLINK(1)", exemption_reason: "\n", exemption_details: '"' },
      { description: " blanks ", exemption_reason: "Zoë 🎈", exemption_details: "null" },
    ];
    for (const texts of nasty) await charge({ terms: { billing: { ...BILLING, ...texts } } });
    await charge({ terms: { target: { kind: "one_off" } } });
    const { body } = await gateway.call(NOVEMBER);
    const { status, headers, text } = await gateway.call(NOVEMBER, CSV);
    expect([status, headers.get("content-type"), headers.get("vary"), headers.get("link")]).toEqual([
      200,
      "text/csv; charset=utf-8; header=present",
      "Accept",
      null,
    ]);
    const [header, ...rows] = parseCsv(text);
    expect(header).toEqual(HEADER);
    expect(rows).toHaveLength(5);
    expect(rows).toEqual(
      body.data.map((row: Record<string, string | number | null>) =>
        HEADER.map((name) => row[name]?.toString() ?? null),
      ),
    );
  });

  it.each([
    ["\ud800", "\ufffd"],
    ["\udf88 and \ud83c", "\ufffd and \ufffd"],
    ["\ud83c\udf88", "🎈"],
  ])("is UTF-8 also of the text %j", async (description, written) => {
    await charge({ terms: { billing: { ...BILLING, description } } });
    expect((await gateway.call(NOVEMBER, CSV)).text).toContain(`,${written},`);
  });

  it("is written as RFC 4180 has it", async () => {
    const billing = { ...BILLING, description: 'say "hi"', exemption_details: "" };
    await charge({ runId: ID, terms: { billing, target: { kind: "one_off" } } });
    expect((await gateway.call(NOVEMBER, CSV)).text).toBe(
      "run_id,stored_action_id,charged_at,tasks,origin,usage_type,description,exemption_reason,exemption_details\r\n" +
        '0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11,,2026-11-20T12:00:02.000Z,1,actions_api,action_run,"say ""hi""",,""\r\n',
    );
  });

  it("leads to its next page with a link", async () => {
    const charged = await charge({}, 150);
    const zoned = "/usage?from=2026-11-01T02:00:00%2B02:00&to=2026-12-01T00:00:00Z";
    const first = await gateway.call(zoned, CSV);
    const [, next = ""] =
      /^<http:\/\/127\.0\.0\.1:8787(\/usage\?[^>]+)>; rel="next"$/.exec(first.headers.get("link") ?? "") ??
      [];
    const second = await gateway.call(next, CSV);
    expect(second.headers.get("link")).toBeNull();
    const ids = [first, second].flatMap(({ text }) => parseCsv(text).slice(1)).map(([id]) => id);
    expect(ids).toEqual(charged);
  });

  it.each([
    ["text/csv", "text/csv"],
    ["Text/CSV;q=0.9, */*;q=0.1", "text/csv"],
    ["application/json, text/csv;q=0.5", "application/json"],
    ["text/html", "application/json"],
    ["text/csv;q=0, */*", "application/json"],
  ])("is for those who ask for it: %s gets %s", async (accept, type) => {
    const { headers } = await gateway.call(NOVEMBER, { headers: { accept } });
    expect(headers.get("content-type")?.split(";")[0]).toBe(type);
  });

  it("answers errors as JSON", async () => {
    const answer = await gateway.call("/usage", CSV);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([400, "application/json"]);
  });
});
