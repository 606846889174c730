// The table of contents. The order is the security argument: nothing under /actions/, no usage and no secret is reached
// without a verified caller, and nothing but the gateway's own health without good settings.
import { Hono } from "hono";
import { addConsole } from "./console/routes.ts";
import type { AppEnv } from "./http/context.ts";
import { configure, locate } from "./http/middleware/configure.ts";
import { answerNotFound, answerUnexpected, observe } from "./http/middleware/observe.ts";
import { callersShare, requireCaller } from "./http/middleware/require-caller.ts";
import { shed } from "./http/middleware/shed.ts";
import { readCallbackSecret } from "./http/routes/callback-secret.ts";
import { receiveCompletion } from "./http/routes/completions.ts";
import { readDeliveries, redeliver } from "./http/routes/deliveries.ts";
import { docs, docsAsset, landing } from "./http/routes/docs.ts";
import { healthz, jwks, methodNotAllowed, openapi, toPath } from "./http/routes/meta.ts";
import { passThrough } from "./http/routes/pass-through.ts";
import { readStartedRun } from "./http/routes/read-run.ts";
import { readyz } from "./http/routes/readyz.ts";
import { startNewRun } from "./http/routes/start-run.ts";
import { readUsage } from "./http/routes/usage.ts";

/** Reading is all that there is to do with them. */
const PUBLIC = [
  "/",
  "/readyz",
  "/.well-known/jwks.json",
  "/openapi.json",
  "/console/openapi.json",
  "/docs",
  "/docs/",
  "/docs/operators",
  "/docs/assets/:name",
  "/console/",
];

export function createApp(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.onError(answerUnexpected);
  app.notFound(answerNotFound);
  app.use(observe);

  app.get("/healthz", healthz);
  app.all("/healthz", methodNotAllowed("GET, HEAD"));

  app.use(configure);
  app.get("/readyz", readyz);
  app.get("/.well-known/jwks.json", jwks);
  app.get("/", landing);
  app.get("/openapi.json", locate, openapi("callers"));
  app.get("/console/openapi.json", locate, openapi("operators"));
  app.get("/docs", locate, docs("callers"));
  app.get("/docs/", toPath("/docs"));
  app.get("/docs/operators", locate, docs("operators"));
  app.get("/docs/assets/:name", docsAsset);
  app.get("/console/", toPath("/console"));
  for (const path of PUBLIC) app.all(path, methodNotAllowed("GET, HEAD"));

  app.post("/completions/:ref", receiveCompletion);
  app.all("/completions/:ref", methodNotAllowed("POST"));

  app.use("/actions/*", locate, requireCaller, shed(callersShare));
  app.post("/actions/v1/stored-actions/:stored_action_id/run", startNewRun);
  app.post("/actions/v1/runs", startNewRun);
  for (const run of [
    "/actions/v1/stored-actions/:stored_action_id/runs/:run_id",
    "/actions/v1/runs/:run_id",
  ]) {
    app.get(run, readStartedRun);
    app.get(`${run}/deliveries`, readDeliveries);
    app.post(`${run}/deliveries/redeliver`, redeliver);
  }
  app.all("/actions/*", passThrough);

  app.use("/usage", locate, requireCaller, shed(callersShare));
  app.get("/usage", readUsage);
  app.all("/usage", methodNotAllowed("GET, HEAD"));

  app.use("/callbacks/secret", locate, requireCaller, shed(callersShare));
  app.get("/callbacks/secret", readCallbackSecret);
  app.all("/callbacks/secret", methodNotAllowed("GET, HEAD"));

  addConsole(app);
  return app;
}
