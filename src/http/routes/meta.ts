// The gateway about itself: alive, ready, its public keys, its contract.
import type { Context } from "hono";
import type { Audience } from "../../contract/openapi.ts";
import { problem } from "../../platform/errors.ts";
import { publicKeys } from "../../platform/signing-keys.ts";
import { answerProblem } from "../answers.ts";
import type { AppContext, AppEnv } from "../context.ts";

export const PUBLIC_MAX_AGE = "public, max-age=300";

export function healthz(c: AppContext): Response {
  return c.json({ status: "ok" });
}

export function jwks(c: AppContext): Response {
  return c.json({ keys: publicKeys(c.get("services").settings.signingKeys) }, 200, {
    "cache-control": PUBLIC_MAX_AGE,
  });
}

export function openapi(audience: Audience): (c: AppContext) => Promise<Response> {
  return async (c) => {
    const { openapiDocument } = await import("../../contract/openapi.ts");
    return c.json(openapiDocument(c.get("publicUrl"), audience), 200, { "cache-control": PUBLIC_MAX_AGE });
  };
}

/** Of a page that was asked for with a slash at its end. Its query stays. */
export function toPath(path: string): (c: AppContext) => Response {
  return (c) => c.redirect(`${path}${new URL(c.req.url).search}`, 308);
}

export function methodNotAllowed(allow: string): (c: Context<AppEnv>) => Response {
  return (c) =>
    answerProblem(c, problem("method_not_allowed", `This path answers ${allow}.`, { headers: { allow } }));
}
