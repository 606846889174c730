// The pages' part of the table of contents. What a form posts to is below the page that it stands on.
import type { Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { AppEnv } from "../../http/context.ts";
import { submitNamedRun, submitRedelivery, submitResetWindow, submitRunAction } from "./act.ts";
import { assets } from "./assets.ts";
import { ROOT } from "./links.ts";
import { notFoundPage, renderProblem } from "./render.tsx";
import { SIGN_IN } from "./require-operator.ts";
import {
  showAudit,
  showDeadLetters,
  showDestinations,
  showOverview,
  showRedelivery,
  showRun,
  showRuns,
  showSignIn,
  showUser,
  showUsers,
} from "./show.tsx";

/** A page's worth of chosen letters, ten times over. */
const MAX_FORM_BYTES = 65_536;

/** For every visitor: they show nothing of any user. */
export function addOpenPages(app: Hono<AppEnv>): void {
  app.route(`${ROOT}/assets`, assets());
  app.get(SIGN_IN, showSignIn);
}

/** For operators alone: stands behind `requireOperator`. */
export function addPages(app: Hono<AppEnv>): void {
  app.use(`${ROOT}/*`, bodyLimit({ maxSize: MAX_FORM_BYTES, onError: (c) => renderProblem(c, "bad_form") }));
  app.get(ROOT, showOverview);
  app.get(`${ROOT}/runs`, showRuns);
  app.get(`${ROOT}/runs/:run_id`, showRun);
  app.post(`${ROOT}/runs/:run_id/poll`, submitRunAction("poll"));
  app.post(`${ROOT}/runs/:run_id/redeliver`, submitRunAction("redeliver"));
  app.post(`${ROOT}/runs/:run_id/abandon`, submitRunAction("abandon"));
  app.get(`${ROOT}/users`, showUsers);
  app.get(`${ROOT}/users/:user`, showUser);
  app.post(`${ROOT}/users/:user/open-runs/:run_key/poll`, submitNamedRun);
  app.post(`${ROOT}/users/:user/reset-window`, submitResetWindow);
  app.get(`${ROOT}/dead-letters`, showDeadLetters);
  app.post(`${ROOT}/dead-letters/redeliver`, submitRedelivery);
  app.get(`${ROOT}/redeliveries/:id`, showRedelivery);
  app.get(`${ROOT}/destinations`, showDestinations);
  app.get(`${ROOT}/audit`, showAudit);
  app.all(`${ROOT}/*`, (c: Context<AppEnv>) =>
    c.req.path.startsWith(`${ROOT}/api/`) ? c.notFound() : notFoundPage(c),
  );
}
