// The contract as a page: whole, escaped, and closed to everything foreign.
import { describe, expect, it } from "vitest";
import { openapiDocument } from "../../src/contract/openapi.ts";
import { jsonBody, type Operation, type Parameter, type Schema } from "../../src/contract/parts.ts";
import { toCurl, toText } from "../../src/http/docs/curl.ts";
import { renderDocs } from "../../src/http/docs/render.tsx";
import { Members } from "../../src/http/docs/schema.tsx";
import { makeGateway } from "../support/gateway.ts";

const document = openapiDocument("https://edge.example");
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);
const html = await renderDocs(document, "callers");

const ESCAPES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? "");
}

async function ask(path: string) {
  const gateway = await makeGateway({ PUBLIC_URL: "https://other.example" });
  return gateway.call(path, { claims: null });
}

/** What the page has for one operation. */
function findArticle(operationId: string): string {
  const [, rest = ""] = html.split(`<article id="${operationId}">`);
  return rest.split("</article>")[0] ?? "";
}

async function renderMembers(schema: Schema, schemas: Record<string, Schema> = {}): Promise<string> {
  return (await Members({ schema, schemas })).toString();
}

describe("GET /docs", () => {
  it("needs no token, has a policy that lets nothing foreign or inline in, and names the place where it was asked", async () => {
    const { status, headers, text } = await ask("/docs");
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
    expect(text).toContain("https://other.example/actions/v1/runs");
  });

  it.each([
    { name: "docs.css", type: "text/css; charset=utf-8" },
    { name: "docs.js", type: "text/javascript; charset=utf-8" },
  ])("has $name from the Worker itself", async ({ name, type }) => {
    const { status, headers, text } = await ask(`/docs/assets/${name}`);
    expect([status, headers.get("content-type")]).toEqual([200, type]);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(text).not.toMatch(/https?:|url\(|@import|innerHTML|eval/);
    expect(html).toContain(`"/docs/assets/${name}"`);
  });

  const unknown = ["/docs/assets/other.css", "/docs/assets/constructor", "/docs/other", "/docs/operators/"];
  it.each(unknown)("404 for %s", async (path) => {
    expect((await ask(path)).status).toBe(404);
  });
});

describe("the page", () => {
  it("shows every operation of the document once, and leads to it", () => {
    expect(html.match(/<article /g)).toHaveLength(operations.length);
    for (const { operationId } of operations.map(({ operation }) => operation)) {
      expect(html).toContain(`<article id="${operationId}">`);
      expect(html).toContain(`<a href="#${operationId}">`);
    }
  });

  it.each(operations)("shows $method $path with an example for every status", async (entry) => {
    const { path, method, operation } = entry;
    const { parameters = [], requestBody, responses } = operation;
    const article = findArticle(operation.operationId);
    expect(article).toContain(`<b>${method}</b> <code>${path}</code>`);
    expect(article).toContain(escaped(toCurl(`https://edge.example${path}`, method, operation)));
    for (const { name } of parameters) expect(article).toContain(`<code>${name}</code>`);
    for (const [status, { headers }] of Object.entries(responses)) {
      expect(article).toContain(`<b>${status}</b> `);
      for (const name of Object.keys(headers)) expect(article).toContain(`<code>${name}</code>`);
    }
    const contents = [requestBody?.content, ...Object.values(responses).map(({ content }) => content)];
    for (const { schema, examples = {} } of contents.flatMap((content) => Object.values(content ?? {}))) {
      expect(html).toContain(await renderMembers(schema, document.components.schemas));
      for (const { value } of Object.values(examples)) expect(article).toContain(escaped(toText(value)));
    }
  });

  it("shows a body's members under their parents, with types and descriptions", () => {
    const article = findArticle("createStoredActionRun");
    const members = [...article.matchAll(/<li><code>(\w+)<\/code> (.*?)<p>(.*?)<\/p>(<ul>)?/g)];
    expect(members.slice(1, 6).map(([, name, type, , parent]) => [name, type, parent])).toEqual([
      ["data", "<small>object</small><small>, required</small>", "<ul>"],
      ["callback_url", "<small>string (uri), at most 2048 characters</small>", undefined],
      ["idempotency_id", "<small>string (uuid)</small>", undefined],
      ["inputs", "<small>anything, {} by default</small>", undefined],
      ["page", "<small>string</small>", undefined],
    ]);
    for (const [, name, , description] of members.slice(1, 6)) expect(description, name).not.toBe("");
  });

  it("describes every header, and the body of every error, at its end", () => {
    const [, appendix = ""] = html.split('<section id="headers">');
    const answers = operations.flatMap(({ operation }) => Object.values(operation.responses));
    for (const name of ["errors", ...answers.flatMap(({ headers }) => Object.keys(headers))])
      expect(appendix).toMatch(new RegExp(`<li><code>${name}</code> <small>[^<]+</small>.*?<p>.`));
  });

  it("refers to nothing that is not on it and to no other place, and has nothing inline", () => {
    const ids = new Set([...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id));
    const links = [...html.matchAll(/ (?:href|src)="([^"]*)"/g)].map(([, link = ""]) => link);
    expect(links.length).toBeGreaterThan(100);
    for (const link of links) {
      if (link.startsWith("#")) expect(ids).toContain(link.slice(1));
      else expect(["/docs/assets/docs.css", "/docs/assets/docs.js", "/openapi.json"]).toContain(link);
    }
    expect(ids.size).toBe([...html.matchAll(/ id="/g)].length);
    expect(html).not.toMatch(
      /<style| style="| on[a-z]+="|<script(?! src="\/docs\/assets\/docs\.js" defer=""><)/,
    );
  });

  it("shows markup in the document as text", async () => {
    const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`;
    const properties: Schema["properties"] = { [evil]: { enum: [evil], description: evil } };
    const schema: Schema = { format: evil, description: evil, properties };
    const examples = { [evil]: { value: evil, summary: evil } };
    const headers = { [evil]: { schema, description: evil } };
    const requestBody = jsonBody(schema, examples);
    const content = { ...requestBody.content, [evil]: { schema, examples } };
    const operation: Operation = {
      tags: [evil],
      summary: evil,
      description: `${evil}\n\n**${evil}**\n\n\`${evil}\`\n\n\`\`\`json\n${evil}\n\`\`\``,
      operationId: evil,
      security: [{ [evil]: [] }],
      parameters: [{ in: "path", name: evil, schema, required: true }],
      requestBody,
      responses: { [evil]: { description: evil, headers, content } },
    };
    const page = await renderDocs(
      {
        ...document,
        info: { title: evil, description: evil, version: evil },
        servers: [{ url: evil, description: evil }],
        tags: [{ name: evil, description: evil }],
        paths: { [evil]: { [evil]: operation } },
        components: { ...document.components, schemas: { ActionsErrorResponse: schema } },
      },
      "callers",
    );
    expect(page).toContain("&lt;script&gt;alert(1)");
    expect(page).not.toMatch(/<script>|<img/);
    expect(page.match(/<script/g)).toHaveLength(1);
  });
});

describe("a schema in words", () => {
  it("ends where a schema holds itself", async () => {
    const child = { $ref: "#/components/schemas/Tree" };
    const members = await renderMembers(child, { Tree: { properties: { child, leaf: { const: "x" } } } });
    expect(members.match(/<ul>/g)).toHaveLength(7);
  });

  it("says null, alternatives, arrays, choices and bounds", async () => {
    const properties: Schema["properties"] = {
      a: { type: ["string", "null"] },
      b: { oneOf: [{ type: "object", properties: { inner: { type: "boolean" } } }, { type: "null" }] },
      c: { type: "array", items: { type: "integer", minimum: 1, maximum: 9 } },
      d: { enum: ["x", 2] },
      e: {},
    };
    const members = await renderMembers({ properties });
    const rows = [...members.matchAll(/<code>(\w+)<\/code> <small>(.*?)<\/small>/g)];
    expect(rows.map(([, name, type]) => [name, type])).toEqual([
      ["a", "string or null"],
      ["b", "object or null"],
      ["inner", "boolean"],
      ["c", "array of integer, at least 1, at most 9"],
      ["d", "one of &quot;x&quot;, 2"],
      ["e", "anything"],
    ]);
  });
});

describe("a curl", () => {
  it("fills the path and what the query requires, and quotes for a shell", () => {
    const parameters: Parameter[] = [
      { in: "path", name: "run_id", schema: { type: "string", format: "uuid" }, required: true },
      { in: "query", name: "from", schema: { type: "string", format: "date-time" }, required: true },
      { in: "query", name: "cursor", schema: { type: "string" }, required: false },
    ];
    const requestBody = jsonBody({}, { First: { value: `{"it":"it's"}` } });
    const operation = { parameters, security: [{ Bearer: [] }], requestBody };
    expect(toCurl("https://edge.example/runs/{run_id}", "POST", operation)).toBe(
      [
        "curl -s 'https://edge.example/runs/123e4567-e89b-12d3-a456-426614174000?from=2026-11-01T00%3A00%3A00Z' \\",
        '  -H "Authorization: Bearer $TOKEN" \\',
        "  -H 'Content-Type: application/json' \\",
        `  -d '{"it":"it'\\''s"}'`,
      ].join("\n"),
    );
  });

  it("names the method where curl would choose another", () => {
    const open = { security: [] };
    expect(toCurl("https://edge.example/", "GET", open)).toBe("curl -s 'https://edge.example/'");
    expect(toCurl("https://edge.example/", "POST", open)).toBe("curl -s -X POST 'https://edge.example/'");
    const patch = { ...open, requestBody: jsonBody({}, { First: { value: {} } }) };
    expect(toCurl("https://edge.example/", "PATCH", patch)).toContain("-X PATCH ");
  });
});
