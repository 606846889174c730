// The console's part of the table of contents. Beyond signing in, nothing is reached without a verified operator, and
// nothing is changed for another site.
import type { Hono } from "hono";
import type { AppContext, AppEnv } from "../http/context.ts";
import { locate } from "../http/middleware/configure.ts";
import { shed } from "../http/middleware/shed.ts";
import { methodNotAllowed } from "../http/routes/meta.ts";
import { getCharges, postReindex } from "./shell/all-gates.ts";
import {
  getAudit,
  getDeadLetters,
  getDestinations,
  getOverview,
  getRedelivery,
  getRun,
  getRuns,
  getUser,
  postNamedRun,
  postRedelivery,
  postResetWindow,
  postRunAction,
} from "./shell/api.ts";
import { addOpenPages, addPages } from "./shell/page-routes.ts";
import { requireOperator, requireOwnPage, SIGN_IN, sayOwnOrigin } from "./shell/require-operator.ts";
import { signIn, signOut } from "./sign-in/sign-in.ts";

export function addConsole(app: Hono<AppEnv>): void {
  app.use("/console/*", locate, shed, sayOwnOrigin);
  app.post(SIGN_IN, requireOwnPage, signIn);
  app.post("/console/sign-out", requireOwnPage, signOut);
  app.all("/console/sign-out", methodNotAllowed("POST"));

  addOpenPages(app);

  app.use("/console/*", requireOperator);
  for (const [path, read] of READS) {
    app.get(`/console/api${path}`, read);
    app.all(`/console/api${path}`, methodNotAllowed("GET, HEAD"));
  }
  for (const [path, act] of ACTIONS) {
    app.post(`/console/api${path}`, act);
    app.all(`/console/api${path}`, methodNotAllowed("POST"));
  }
  addPages(app);
}

type Handler = (c: AppContext) => Promise<Response>;

const READS: [path: string, read: Handler][] = [
  ["/overview", getOverview],
  ["/runs", getRuns],
  ["/runs/:run_id", getRun],
  ["/users", getUser],
  ["/users/:user", getUser],
  ["/dead-letters", getDeadLetters],
  ["/destinations", getDestinations],
  ["/audit", getAudit],
  ["/charges", getCharges],
  ["/redeliveries/:id", getRedelivery],
];

const ACTIONS: [path: string, act: Handler][] = [
  ["/runs/:run_id/poll", postRunAction("poll", 202)],
  ["/runs/:run_id/redeliver", postRunAction("redeliver", 202)],
  ["/runs/:run_id/abandon", postRunAction("abandon", 200)],
  ["/users/:user/open-runs/:run_key/poll", postNamedRun],
  ["/users/:user/reset-window", postResetWindow],
  ["/dead-letters/redeliver", postRedelivery],
  ["/reindex", postReindex],
];
