// Made once for its URL and kept: the document changes with a deploy only. Import it with `await import()`.
import type { JSX } from "hono/jsx/jsx-runtime";
import type { OpenApiDocument } from "../../contract/openapi.ts";
import { DOCS_CSS } from "./docs-css.ts";
import { DOCS_JS } from "./docs-js.ts";
import { DocsPage } from "./page.tsx";

export const ASSETS = new Map([
  ["docs.css", { text: DOCS_CSS, type: "text/css; charset=utf-8" }],
  ["docs.js", { text: DOCS_JS, type: "text/javascript; charset=utf-8" }],
]);

let latest: { document: OpenApiDocument; html: string } | undefined;

export async function renderDocs(document: OpenApiDocument): Promise<string> {
  if (latest?.document === document) return latest.html;
  const page: JSX.Element = <DocsPage document={document} />;
  const html = `<!doctype html>${(await page).toString()}`;
  latest = { document, html };
  return html;
}
