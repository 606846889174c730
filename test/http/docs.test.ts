// The contract as a page: whole, escaped, and closed to everything foreign.
import { describe, expect, it } from "vitest";
import { openapiDocument } from "../../src/contract/openapi.ts";
import { curlOf } from "../../src/http/docs/curl.ts";
import { referenceOf } from "../../src/http/docs/reference.ts";
import { renderDocs } from "../../src/http/docs/render.tsx";
import { rowsOf } from "../../src/http/docs/schema.ts";
import { type Call, makeGateway } from "../support/gateway.ts";

const NOBODY: Call = { claims: null };

const document = openapiDocument("https://edge.example");
const reference = referenceOf(document);
const operations = reference.groups.flatMap((group) => group.operations);
const html = await renderDocs(document);

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

describe("GET /docs", () => {
  it("is a page for anybody, with a policy that lets nothing foreign or inline in", async () => {
    const gateway = await makeGateway();
    const { status, headers, text } = await gateway.call("/docs", NOBODY);
    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toMatchObject({
      "cache-control": "public, max-age=300",
      "content-security-policy":
        "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      "content-type": "text/html; charset=utf-8",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    });
    expect(text).toMatch(/^<!doctype html><html lang="en">/);
  });

  it("names the place where it was asked", async () => {
    const gateway = await makeGateway({ PUBLIC_URL: "https://other.example" });
    const { text } = await gateway.call("/docs", NOBODY);
    expect(text).toContain("https://other.example/actions/v1/runs");
  });

  it.each([
    { name: "docs.css", type: "text/css; charset=utf-8" },
    { name: "docs.js", type: "text/javascript; charset=utf-8" },
  ])("has $name from the Worker itself", async ({ name, type }) => {
    const gateway = await makeGateway();
    const { status, headers, text } = await gateway.call(`/docs/assets/${name}`, NOBODY);
    expect([status, headers.get("content-type")]).toEqual([200, type]);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(text).not.toMatch(/https?:|url\(|@import|innerHTML|eval/);
    expect(html).toContain(`"/docs/assets/${name}"`);
  });

  it.each(["/docs/assets/other.css", "/docs/assets/constructor", "/docs/other", "/docs/"])(
    "404 for %s",
    async (path) => {
      const gateway = await makeGateway();
      expect((await gateway.call(path, NOBODY)).status).toBe(404);
    },
  );

  it.each(["/docs", "/docs/assets/docs.css"])("405 for another method of %s", async (path) => {
    const gateway = await makeGateway();
    const { status, headers } = await gateway.call(path, { ...NOBODY, method: "POST" });
    expect([status, headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});

describe("the page", () => {
  it("shows every operation of the document, by its tag", () => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a document of another shape fails below
    const { paths } = document as { paths: Record<string, Record<string, { operationId: string }>> };
    const ids = Object.values(paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(operations.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    for (const id of ids) {
      expect(html).toContain(`<article class="operation" id="${id}"`);
      expect(html).toContain(`href="#${id}"`);
    }
  });

  it.each(operations)("shows $method $path with an example for every status", (operation) => {
    const { answers, curl, body, parameters } = operation;
    expect(html).toContain(escaped(curl));
    expect(answers.length).toBeGreaterThan(1);
    for (const { status, bodies } of answers) {
      if (status === "202" && operation.path === "/completions/{ref}") continue;
      expect(bodies.flatMap(({ examples }) => examples).length, status).toBeGreaterThan(0);
    }
    const shown = [...answers.flatMap(({ bodies }) => bodies), ...(body === null ? [] : [body])];
    for (const { text } of shown.flatMap(({ examples }) => examples)) expect(html).toContain(escaped(text));
    for (const { name } of [...parameters, ...(body?.rows ?? [])])
      expect(html).toContain(`<code class="name">${name}</code>`);
  });

  it("shows a body's members under their parents, with types and descriptions", () => {
    const start = operations.find(({ id }) => id === "createStoredActionRun");
    expect(start?.body?.rows.map(({ name, depth, type, required }) => [name, depth, type, required])).toEqual(
      [
        ["data", 0, "object", true],
        ["callback_url", 1, "string (uri), at most 2048 characters", false],
        ["idempotency_id", 1, "string (uuid)", false],
        ["inputs", 1, "anything, {} by default", false],
        ["page", 1, "string", false],
      ],
    );
    for (const { description } of start?.body?.rows ?? []) expect(description).not.toBe("");
  });

  it("refers to nothing that is not on it, and to no other place", () => {
    const ids = new Set([...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id));
    const links = [...html.matchAll(/ (?:href|src)="([^"]*)"/g)].map(([, link = ""]) => link);
    expect(links.length).toBeGreaterThan(100);
    for (const link of links) {
      if (link.startsWith("#")) expect(ids).toContain(link.slice(1));
      else expect(["/docs/assets/docs.css", "/docs/assets/docs.js", "/openapi.json"]).toContain(link);
    }
    expect(ids.size).toBe([...html.matchAll(/ id="/g)].length);
  });

  it("has nothing inline that the policy would stop", () => {
    expect(html).not.toMatch(
      /<style| style="| on[a-z]+="|<script(?! src="\/docs\/assets\/docs\.js" defer=""><)/,
    );
  });

  it("shows markup in the document as text", async () => {
    const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`;
    const schema = {
      type: "object",
      description: evil,
      properties: { [evil]: { type: evil, description: evil } },
    };
    const operation = {
      tags: [evil],
      summary: evil,
      description: `${evil}\n\n**${evil}**\n\n\`${evil}\`\n\n\`\`\`json\n${evil}\n\`\`\``,
      operationId: evil,
      security: [{ [evil]: [] }],
      parameters: [{ in: "path", name: evil, schema }],
      requestBody: { content: { [evil]: { schema, examples: { [evil]: { value: evil } } } } },
      responses: {
        [evil]: {
          description: evil,
          headers: { [evil]: { schema, description: evil } },
          content: { [evil]: { schema, examples: { [evil]: { value: evil, summary: evil } } } },
        },
      },
    };
    const page = await renderDocs({
      info: { title: evil, description: evil, version: evil },
      servers: [{ url: evil }],
      tags: [{ name: evil, description: evil }],
      paths: { [evil]: { [evil]: operation } },
    });
    expect(page).toContain("&lt;script&gt;alert(1)");
    expect(page).not.toMatch(/<script>|<img/);
    expect(page.match(/<script/g)).toHaveLength(1);
  });
});

describe("a schema in words", () => {
  const document2 = {
    components: {
      schemas: {
        Tree: {
          type: "object",
          properties: { child: { $ref: "#/components/schemas/Tree" }, leaf: { const: "x" } },
        },
      },
    },
  };

  it("ends where a schema holds itself", () => {
    const rows = rowsOf(document2, { $ref: "#/components/schemas/Tree" });
    expect(Math.max(...rows.map(({ depth }) => depth))).toBe(6);
  });

  it("says null, alternatives, arrays, choices and bounds", () => {
    const properties = {
      a: { type: ["string", "null"] },
      b: { oneOf: [{ type: "object", properties: { inner: { type: "boolean" } } }, { type: "null" }] },
      c: { type: "array", items: { type: "integer", minimum: 1, maximum: 9 } },
      d: { enum: ["x", 2] },
      e: {},
    };
    expect(rowsOf({}, { properties }).map(({ name, type }) => [name, type])).toEqual([
      ["a", "string or null"],
      ["b", "object or null"],
      ["inner", "boolean"],
      ["c", "array of integer, at least 1, at most 9"],
      ["d", 'one of "x", 2'],
      ["e", "anything"],
    ]);
  });
});

describe("a curl", () => {
  it("fills the path and what the query requires, and quotes for a shell", () => {
    const parameters = [
      { in: "path", name: "run_id", schema: { type: "string", format: "uuid" }, required: true },
      { in: "query", name: "from", schema: { type: "string", format: "date-time" }, required: true },
      { in: "query", name: "cursor", schema: { type: "string" } },
    ];
    const url = "https://edge.example/runs/{run_id}";
    expect(curlOf({ url, method: "POST", parameters, needsToken: true, body: `{"it":"it's"}` })).toBe(
      [
        "curl -s 'https://edge.example/runs/123e4567-e89b-12d3-a456-426614174000?from=2026-11-01T00%3A00%3A00Z' \\",
        '  -H "Authorization: Bearer $TOKEN" \\',
        "  -H 'Content-Type: application/json' \\",
        `  -d '{"it":"it'\\''s"}'`,
      ].join("\n"),
    );
  });

  it("names the method where curl would choose another", () => {
    const common = { url: "https://edge.example/", parameters: [], needsToken: false, body: null };
    expect(curlOf({ ...common, method: "GET" })).toBe("curl -s 'https://edge.example/'");
    expect(curlOf({ ...common, method: "POST" })).toBe("curl -s -X POST 'https://edge.example/'");
    expect(curlOf({ ...common, method: "PATCH", body: "{}" })).toContain("-X PATCH ");
  });
});
