// The console's part of the table of contents. Beyond signing in, nothing is reached without a verified operator, and
// nothing is changed for another site.
// biome-ignore assist/source/organizeImports: the features stand in the order of the navigation, here and in the bundle
import type { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { AppContext, AppEnv } from "../http/context.ts";
import { locate } from "../http/middleware/configure.ts";
import { shed } from "../http/middleware/shed.ts";
import { methodNotAllowed } from "../http/routes/meta.ts";
import { ANONYMOUS } from "../platform/memory-budget.ts";
import { assets } from "./shell/assets.ts";
import type { Feature } from "./shell/feature.ts";
import { ROOT, SIGN_IN, SIGN_OUT } from "./shell/links.ts";
import { notFoundPage, renderProblem } from "./shell/render.tsx";
import { requireOperator, requireOwnPage, sayOwnOrigin } from "./shell/require-operator.ts";
import { renderSignIn, signIn, signOut } from "./sign-in/sign-in.tsx";
import { overview } from "./overview/routes.ts";
import { errors } from "./errors/routes.ts";
import { runs } from "./runs/routes.ts";
import { run } from "./run/routes.ts";
import { users } from "./users/routes.ts";
import { deadLetters } from "./dead-letters/routes.ts";
import { redelivery } from "./redelivery/routes.ts";
import { destinations } from "./destinations/routes.ts";
import { audit } from "./audit/routes.ts";
import { charges } from "./charges/routes.ts";
import { reindex } from "./reindex/routes.ts";

const API = `${ROOT}/api`;
/** A page's worth of chosen dead letters, ten times over. */
const MAX_FORM_BYTES = 65_536;

const FEATURES: Feature = [
  overview,
  errors,
  runs,
  run,
  users,
  deadLetters,
  redelivery,
  destinations,
  audit,
  charges,
  reindex,
].flat();

export function addConsole(app: Hono<AppEnv>): void {
  app.use(`${ROOT}/*`, locate, sayOwnOrigin);
  app.post(
    SIGN_IN,
    shed(() => ANONYMOUS),
    requireOwnPage,
    signIn,
  );
  app.post(SIGN_OUT, requireOwnPage, signOut);
  app.all(SIGN_OUT, methodNotAllowed("POST"));

  // For every visitor: they show nothing of any user.
  app.route(`${ROOT}/assets`, assets());
  app.get(SIGN_IN, renderSignIn);

  app.use(
    `${ROOT}/*`,
    requireOperator,
    shed((c) => `operator ${c.get("operator").name}`),
  );
  for (const { path, read, post } of FEATURES) {
    if (read) app.get(API + path, read);
    if (post) app.post(API + path, post);
    if (read || post) app.all(API + path, methodNotAllowed(read ? "GET, HEAD" : "POST"));
  }

  app.use(`${ROOT}/*`, bodyLimit({ maxSize: MAX_FORM_BYTES, onError: (c) => renderProblem(c, "bad_form") }));
  for (const { path, page, form } of FEATURES) {
    if (page) app.get(ROOT + path, page);
    if (form) app.post(ROOT + path, form);
  }
  app.all(`${ROOT}/*`, (c: AppContext) =>
    c.req.path.startsWith(`${API}/`) ? c.notFound() : notFoundPage(c),
  );
}
