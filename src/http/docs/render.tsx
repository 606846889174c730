// Made once for its URL and kept: the document changes with a deploy only. Import it with `await import()`.
import type { JSX } from "hono/jsx/jsx-runtime";
import { DOCS_CSS } from "./docs-css.ts";
import { DOCS_JS } from "./docs-js.ts";
import { DocsPage } from "./page.tsx";
import { referenceOf } from "./reference.ts";

const ASSETS = {
  "docs.css": { text: DOCS_CSS, type: "text/css; charset=utf-8" },
  "docs.js": { text: DOCS_JS, type: "text/javascript; charset=utf-8" },
} as const;

let latest: { document: object; html: string } | undefined;

export async function renderDocs(document: object): Promise<string> {
  if (latest?.document === document) return latest.html;
  const page: JSX.Element = <DocsPage of={referenceOf(document)} />;
  const html = `<!doctype html>${(await page).toString()}`;
  latest = { document, html };
  return html;
}

export function assetNamed(name: string): { text: string; type: string } | null {
  return Object.entries(ASSETS).find(([known]) => known === name)?.[1] ?? null;
}
