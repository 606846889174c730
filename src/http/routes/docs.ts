// The landing page, and the contract as pages, made here from the very documents of /openapi.json. The policy is the wall behind the escaping:
// nothing inline runs, and nothing comes from elsewhere.
import type { Audience } from "../../contract/openapi.ts";
import type { AppContext } from "../context.ts";
import { answerNotFound } from "../middleware/observe.ts";
import { PUBLIC_MAX_AGE } from "./meta.ts";

const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

export function docs(audience: Audience): (c: AppContext) => Promise<Response> {
  return async (c) => {
    const [{ openapiDocument }, { renderDocs }] = await Promise.all([
      import("../../contract/openapi.ts"),
      import("../docs/render.tsx"),
    ]);
    return page(c, await renderDocs(openapiDocument(c.get("publicUrl"), audience), audience));
  };
}

/** What this is, and where everything is. */
export async function landing(c: AppContext): Promise<Response> {
  const { renderLanding } = await import("../docs/render.tsx");
  return page(c, await renderLanding());
}

function page(c: AppContext, html: string): Response {
  return c.body(html, 200, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": POLICY,
    "cache-control": PUBLIC_MAX_AGE,
  });
}

export async function docsAsset(c: AppContext): Promise<Response> {
  const { ASSETS } = await import("../docs/render.tsx");
  const asset = ASSETS.get(c.req.param("name") ?? "");
  if (asset === undefined) return answerNotFound(c);
  return c.body(asset.text, 200, { "content-type": asset.type, "cache-control": PUBLIC_MAX_AGE });
}
