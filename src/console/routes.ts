// The console's part of the table of contents. Beyond signing in, nothing is reached without a verified operator, and
// nothing is changed for another site.
import type { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { AppContext, AppEnv } from "../http/context.ts";
import { locate } from "../http/middleware/configure.ts";
import { shed } from "../http/middleware/shed.ts";
import { methodNotAllowed } from "../http/routes/meta.ts";
import { FORMS } from "./shell/act.ts";
import { ACTIONS, READS } from "./shell/api.ts";
import { assets } from "./shell/assets.ts";
import { ROOT, SIGN_OUT } from "./shell/links.ts";
import { notFoundPage, renderProblem } from "./shell/render.tsx";
import { requireOperator, requireOwnPage, SIGN_IN, sayOwnOrigin } from "./shell/require-operator.ts";
import { PAGES, showSignIn } from "./shell/show.tsx";
import { signIn, signOut } from "./sign-in/sign-in.ts";

/** A page's worth of chosen letters, ten times over. */
const MAX_FORM_BYTES = 65_536;

export function addConsole(app: Hono<AppEnv>): void {
  app.use(`${ROOT}/*`, locate, shed, sayOwnOrigin);
  app.post(SIGN_IN, requireOwnPage, signIn);
  app.post(SIGN_OUT, requireOwnPage, signOut);
  app.all(SIGN_OUT, methodNotAllowed("POST"));

  // For every visitor: they show nothing of any user.
  app.route(`${ROOT}/assets`, assets());
  app.get(SIGN_IN, showSignIn);

  app.use(`${ROOT}/*`, requireOperator);
  for (const [path, read] of READS) {
    app.get(`${ROOT}/api${path}`, read);
    app.all(`${ROOT}/api${path}`, methodNotAllowed("GET, HEAD"));
  }
  for (const [path, act] of ACTIONS) {
    app.post(`${ROOT}/api${path}`, act);
    app.all(`${ROOT}/api${path}`, methodNotAllowed("POST"));
  }

  app.use(`${ROOT}/*`, bodyLimit({ maxSize: MAX_FORM_BYTES, onError: (c) => renderProblem(c, "bad_form") }));
  for (const [path, show] of PAGES) app.get(ROOT + path, show);
  for (const [path, submit] of FORMS) app.post(ROOT + path, submit);
  app.all(`${ROOT}/*`, (c: AppContext) =>
    c.req.path.startsWith(`${ROOT}/api/`) ? c.notFound() : notFoundPage(c),
  );
}
