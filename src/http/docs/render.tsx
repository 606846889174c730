// Each page is made once and kept: its document changes with a deploy only. Import it with `await import()`.
import type { JSX } from "hono/jsx/jsx-runtime";
import type { Audience, OpenApiDocument } from "../../contract/openapi.ts";
import { DOCS_CSS } from "./docs-css.ts";
import { DOCS_JS } from "./docs-js.ts";
import { LandingPage } from "./landing.tsx";
import { DocsPage } from "./page.tsx";

export const ASSETS = new Map([
  ["docs.css", { text: DOCS_CSS, type: "text/css; charset=utf-8" }],
  ["docs.js", { text: DOCS_JS, type: "text/javascript; charset=utf-8" }],
]);

const pages = new WeakMap<OpenApiDocument, string>();

export async function renderDocs(document: OpenApiDocument, audience: Audience): Promise<string> {
  const html = pages.get(document) ?? (await toHtml(<DocsPage document={document} audience={audience} />));
  pages.set(document, html);
  return html;
}

export function renderLanding(): Promise<string> {
  return toHtml(<LandingPage />);
}

async function toHtml(page: JSX.Element): Promise<string> {
  return `<!doctype html>${(await page).toString()}`;
}
