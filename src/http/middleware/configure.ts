// The settings, before anything that needs them. A gateway with a bad one serves nothing but its own health: a wrong
// limit or a missing issuer is worse than an outage that names itself.
import type { Next } from "hono";
import { problem } from "../../platform/errors.ts";
import { log } from "../../platform/observability/log.ts";
import { findServices } from "../../services/services.ts";
import { answerProblem } from "../answers.ts";
import type { AppContext } from "../context.ts";

export async function configure(c: AppContext, next: Next): Promise<Response | undefined> {
  const services = findServices(c.env);
  if (services === null) return misconfigured(c);
  c.set("services", services);
  await next();
  return undefined;
}

/** Where the outside world reaches the gateway: said by the settings, or in development by the request. */
export async function locate(c: AppContext, next: Next): Promise<Response | undefined> {
  const publicUrl = c.get("services").settings.publicUrl ?? loopbackOrigin(c.req.url);
  if (publicUrl === null) {
    log({ event: "settings.invalid", problems: ["PUBLIC_URL is required outside of development"] });
    return misconfigured(c);
  }
  c.set("publicUrl", publicUrl);
  await next();
  return undefined;
}

function misconfigured(c: AppContext): Response {
  c.get("notes").outcome = "misconfigured";
  return answerProblem(c, problem("external_service_error", "The gateway is not configured."));
}

// Only where no other party can choose the host name may the request say where the gateway is.
export function loopbackOrigin(url: string): string | null {
  const { hostname, origin } = new URL(url);
  return ["127.0.0.1", "localhost", "[::1]"].includes(hostname) ? origin : null;
}
