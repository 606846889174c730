// The contract as a page, made here from the very document of /openapi.json. The policy is the wall behind the escaping:
// nothing inline runs, and nothing comes from elsewhere.
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

export async function docs(c: AppContext): Promise<Response> {
  const [{ openapiDocument }, { renderDocs }] = await Promise.all([
    import("../../contract/openapi.ts"),
    import("../docs/render.tsx"),
  ]);
  return c.body(await renderDocs(openapiDocument(c.get("publicUrl"))), 200, {
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
