// The routes of the sandbox: the gateway's upstream surface, and /actions/v1/sandbox/ for those who test against it.

import { type Context, Hono, type Next } from "hono";
import { type Arrival, actionText, type StoredAction } from "./account-store.ts";
import { type Problem, problem, problemResponse } from "./errors.ts";
import { type Caller, identify, userName } from "./identity.ts";
import { type ActionDraft, isUuid, parseActionChange, parseBalance } from "./requests.ts";
import { runBody } from "./run-report.ts";
import type { ActionId } from "./starter.ts";

type HonoEnv = { Bindings: SandboxEnv; Variables: { caller: Caller } };
type Ctx = Context<HonoEnv>;

const STORED = "/actions/v1/stored-actions";
const ONE_OFF = "/actions/v1/runs";
const SANDBOX = "/actions/v1/sandbox";

const LATE_ANSWER_MS = 60_000;
/** Arguments of a Durable Object call end at 32 MiB; the gateway's own cap is 6 MB. */
const MAX_BODY_CHARACTERS = 10_000_000;
const DRAFT: ActionDraft = { title: "Untitled", action: "echo", params: "{}" };

export const app = new Hono<HonoEnv>();

app.get("/healthz", (c) => c.text("ok"));

app.use("/actions/*", async (c, next) => {
  const caller = await identify(c.req.raw.headers, c.env);
  if (caller.kind === "problem") return problemResponse(caller);
  c.set("caller", caller);
  return next();
});

app.post(`${STORED}/:id/run`, requireUuids, (c) => start(c, parseId(c)));
app.get(`${STORED}/:id/runs`, requireUuids, (c) => listRuns(c, parseId(c)));
app.get(`${STORED}/:id/runs/:run_id`, requireUuids, (c) => readRun(c, parseId(c)));
app.post(ONE_OFF, (c) => start(c, null));
app.get(ONE_OFF, (c) => listRuns(c, null));
app.get(`${ONE_OFF}/:run_id`, requireUuids, (c) => readRun(c, null));

app.get(STORED, async (c) => {
  const texts = (await account(c).actions()).map(actionText);
  return json(`{"data":[${texts.join(",")}]}`);
});

app.post(STORED, async (c) => {
  const parsed = parseActionChange(await c.req.text());
  if (parsed.kind === "problem") return problemResponse(parsed);
  return actionResponse(await account(c).createAction({ ...DRAFT, ...parsed.change }), 201);
});

app.get(`${STORED}/:id`, requireUuids, async (c) => actionResponse(await account(c).action(parseId(c))));
app.put(`${STORED}/:id`, requireUuids, (c) => changeAction(c, DRAFT));
app.patch(`${STORED}/:id`, requireUuids, (c) => changeAction(c, {}));

app.delete(`${STORED}/:id`, requireUuids, async (c) => {
  const refused = await account(c).deleteAction(parseId(c));
  return refused === null ? new Response(null, { status: 204 }) : problemResponse(refused);
});

app.get(`${SANDBOX}/balance`, async (c) => Response.json({ data: { tasks: await account(c).tasks() } }));

app.put(`${SANDBOX}/balance`, async (c) => {
  const parsed = parseBalance(await c.req.text());
  if (parsed.kind === "problem") return problemResponse(parsed);
  await account(c).setTasks(parsed.tasks);
  return Response.json({ data: { tasks: parsed.tasks } });
});

app.get(`${SANDBOX}/last-request`, async (c) => {
  const last = await account(c).lastArrival();
  return last === null
    ? problemResponse(problem("not_found", "Nothing was started yet."))
    : json(`{"data":${last}}`);
});

app.notFound(() => problemResponse(problem("not_found", "There is no such path.")));

app.onError((error) => {
  console.error(error);
  return problemResponse(problem("external_service_error", "The sandbox failed."));
});

async function start(c: Ctx, id: ActionId): Promise<Response> {
  const body = await c.req.text();
  if (body.length > MAX_BODY_CHARACTERS)
    return problemResponse(problem("payload_too_large", "The body is too large."));
  const answer = await account(c).start(id, c.var.caller.billable, toArrival(c, body));
  if (answer.kind === "problem") return problemResponse(answer);
  // A network error as a value. The runtime refuses to send it, so the caller's fetch() fails; an exception would not do,
  // because `wrangler dev` catches it and answers 500.
  if (answer.answers === "lost") return Response.error();
  if (answer.answers === "late") await scheduler.wait(LATE_ANSWER_MS);
  return Response.json({ data: { type: "run", id: answer.runId } }, { status: 202 });
}

async function readRun(c: Ctx, id: ActionId): Promise<Response> {
  const report = await account(c).read(id, (c.req.param("run_id") ?? "").toLowerCase());
  if (report.kind === "problem") return problemResponse(report);
  return json(runBody(report), report.state.status === "waiting" ? 202 : 200);
}

async function listRuns(c: Ctx, id: ActionId): Promise<Response> {
  const list = await account(c).list(id);
  return list.kind === "problem" ? problemResponse(list) : Response.json({ data: list.runs });
}

async function changeAction(c: Ctx, defaults: Partial<ActionDraft>): Promise<Response> {
  const parsed = parseActionChange(await c.req.text());
  if (parsed.kind === "problem") return problemResponse(parsed);
  return actionResponse(await account(c).changeAction(parseId(c), { ...defaults, ...parsed.change }));
}

function account(c: Ctx) {
  return c.env.ACCOUNT.getByName(userName(c.var.caller.user));
}

async function requireUuids(c: Ctx, next: Next): Promise<Response | undefined> {
  const bad = Object.values(c.req.param()).some((value) => !isUuid(value));
  if (bad) return problemResponse(problem("bad_request", "An id in the path is no UUID."));
  await next();
  return undefined;
}

function parseId(c: Ctx): string {
  return (c.req.param("id") ?? "").toLowerCase();
}

function toArrival(c: Ctx, body: string): Arrival {
  const { pathname, search } = new URL(c.req.url);
  const headers: Arrival["headers"] = {
    ...c.req.header(),
    authorization: c.req.header("Authorization") !== undefined,
  };
  return { method: c.req.method, path: pathname + search, headers, body };
}

function actionResponse(action: StoredAction | Problem, status = 200): Response {
  if (action.kind === "problem") return problemResponse(action);
  return json(`{"data":${actionText(action)}}`, status);
}

function json(body: string | ReadableStream<Uint8Array>, status = 200): Response {
  return new Response(body, { status, headers: { "Content-Type": "application/json" } });
}
