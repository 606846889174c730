// A page becomes an answer. The policy is the wall behind the escaping: were a stored text ever to come through as
// markup, nothing in it could run, be fetched, be framed or send a form elsewhere.
import type { JSX } from "hono/jsx/jsx-runtime";
import type { Operator } from "../../auth/operator.ts";
import type { AppContext } from "../../http/context.ts";
import { log } from "../../platform/observability/log.ts";
import { type FlashCode, findFlash } from "./flash.ts";
import type { Frame } from "./layout.tsx";
import { ROOT, SIGN_OUT, withQuery } from "./links.ts";
import { type PageProblem, ProblemPage, statusOfPage } from "./problem.tsx";

const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

export async function render(
  c: AppContext,
  content: JSX.Element,
  status: 200 | ReturnType<typeof statusOfPage> = 200,
): Promise<Response> {
  const html = `<!doctype html>${(await content).toString()}`;
  return c.body(html, status, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": POLICY,
  });
}

export function buildFrame(c: AppContext): Frame {
  const operator = operatorIn(c);
  return {
    operator: operator?.name ?? null,
    signOutAt: operator?.via === "session" ? SIGN_OUT : null,
    nowMs: Date.now(),
    flash: findFlash(c.req.query("said")),
  };
}

/** Not set where no operator has been let in. */
function operatorIn(c: AppContext): Operator | undefined {
  return c.get("operator");
}

/** `detail`: what is wrong, first of what the page says. */
export function renderProblem(c: AppContext, problem: PageProblem, detail?: string): Promise<Response> {
  const requestId = c.get("requestId");
  const content = (
    <ProblemPage frame={buildFrame(c)} problem={problem} requestId={requestId} detail={detail} />
  );
  return render(c, content, statusOfPage(problem));
}

export function notFoundPage(c: AppContext): Promise<Response> {
  c.get("notes").outcome = "not_found";
  return renderProblem(c, "not_found");
}

/** Post/Redirect/Get: what was done is said by the page after it, and a reload does nothing again. */
export function goTo(c: AppContext, path: string, said: FlashCode): Response {
  const [pathname = ROOT, query = ""] = path.split("?");
  return c.redirect(withQuery(pathname, { ...Object.fromEntries(new URLSearchParams(query)), said }), 303);
}

export type Handler = (c: AppContext) => Promise<Response>;

/** Whatever throws in a page is a store that does not answer: the index, a gate, the queue. */
export function page(
  work: Handler,
  renderUnavailable: Handler = (c) => renderProblem(c, "unavailable"),
): Handler {
  return async (c) => {
    try {
      return await work(c);
    } catch (error) {
      log({ event: "console.unavailable", request_id: c.get("requestId"), error });
      c.get("notes").outcome = "unavailable";
      return renderUnavailable(c);
    }
  };
}
