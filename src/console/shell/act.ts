// What the pages' forms do: the same as the JSON API, said by a page afterwards.

import type { AppContext } from "../../http/context.ts";
import { actOnRun, nameRun, type RunAction, resetWindow } from "../../operators/actions.ts";
import { startRedelivery } from "../../operators/redelivery.ts";
import { consoleDeps } from "./deps.ts";
import type { FlashCode } from "./flash.ts";
import { withSeconds } from "./form-time.ts";
import { DEAD_LETTERS, redeliveryAt, runAt, userAt } from "./links.ts";
import { parseRunId, parseUser } from "./queries.ts";
import { goTo, notFoundPage, page, renderProblem } from "./render.tsx";

const SAID: Record<RunAction, FlashCode> = {
  poll: "polled",
  redeliver: "redelivering",
  abandon: "abandoned",
};

type Handler = (c: AppContext) => Promise<Response>;

export function submitRunAction(action: RunAction): Handler {
  return page(async (c) => {
    const form = await readForm(c);
    return toRun(c, action, c.req.param("run_id") ?? "", form.get("user"));
  });
}

export const submitNamedRun = page(async (c) => {
  const runId = parseRunId((await readForm(c)).get("run_id") ?? "");
  const runKey = parseRunId(c.req.param("run_key") ?? "", "run_key");
  const user = await parseUser({ user: c.req.param("user") });
  if (user.kind === "invalid" || user.value === null || runKey.kind === "invalid") return notFoundPage(c);
  if (runId.kind === "invalid") return badForm(c);
  c.get("notes").runId = runId.value;
  const acted = await nameRun(consoleDeps(c), c.get("operator"), user.value, runKey.value, runId.value);
  return goTo(c, userAt(user.value), acted === null ? "not_now" : "named");
});

export const submitResetWindow = page(async (c) => {
  const user = await parseUser({ user: c.req.param("user") });
  if (user.kind === "invalid" || user.value === null) return notFoundPage(c);
  const { outcome } = await resetWindow(consoleDeps(c), c.get("operator"), user.value);
  return goTo(c, userAt(user.value), outcome === "done" ? "window_reset" : "not_now");
});

/** One letter, those that were ticked, or all of a host and a time: the button says which. */
export const submitRedelivery = page(async (c) => {
  const form = await readForm(c);
  const only = form.get("only");
  if (only !== null) return toRun(c, "redeliver", only, null);
  switch (form.get("what") ?? "") {
    case "selection":
      return redeliverChosen(c, form.getAll("run_id"));
    case "range":
      return redeliverAll(c, {
        host: form.get("host") || null,
        reason: form.get("reason") || null,
        from: withSeconds(form.get("from") ?? "") || null,
        to: withSeconds(form.get("to") ?? "") || null,
      });
    default:
      return badForm(c);
  }
});

async function toRun(
  c: AppContext,
  action: RunAction,
  id: string,
  userKey: string | null,
): Promise<Response> {
  const [runId, user] = [parseRunId(id), await parseUser({ user: userKey ?? "" })];
  if (runId.kind === "invalid" || user.kind === "invalid") return badForm(c);
  c.get("notes").runId = runId.value;
  const acted = await actOnRun(consoleDeps(c), c.get("operator"), action, runId.value, user.value);
  if (acted === null) return notFoundPage(c);
  return goTo(c, runAt(runId.value, acted.user), acted.outcome === "done" ? SAID[action] : "not_now");
}

function redeliverChosen(c: AppContext, ids: readonly string[]): Promise<Response> | Response {
  if (ids.length === 0) return goTo(c, DEAD_LETTERS, "nothing_selected");
  return redeliver(c, { run_ids: ids });
}

type Range = { host: string | null; reason: string | null; from: string | null; to: string | null };

function redeliverAll(c: AppContext, filter: Range): Promise<Response> | Response {
  if ((filter.host ?? filter.reason ?? filter.from ?? filter.to) === null)
    return goTo(c, DEAD_LETTERS, "nothing_given");
  return redeliver(c, { run_ids: null, ...filter });
}

async function redeliver(c: AppContext, wanted: object): Promise<Response> {
  const { parseRedeliveryFilter } = await import("../../contract/redelivery-filter.ts");
  const verdict = parseRedeliveryFilter(wanted);
  if (verdict.kind === "invalid") return badForm(c);
  const { id } = await startRedelivery(consoleDeps(c), c.get("operator"), verdict.filter);
  return c.redirect(redeliveryAt(id), 303);
}

function badForm(c: AppContext): Promise<Response> {
  c.get("notes").outcome = "malformed";
  return renderProblem(c, "bad_form");
}

/** Whatever is no form of ours is an empty one. */
async function readForm(c: AppContext): Promise<URLSearchParams> {
  const type = c.req.header("content-type") ?? "";
  if (!type.startsWith("application/x-www-form-urlencoded")) return new URLSearchParams();
  return new URLSearchParams(new TextDecoder().decode(await c.req.arrayBuffer()));
}
