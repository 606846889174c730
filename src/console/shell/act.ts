// What the pages' forms do: the same as the JSON API, said by a page afterwards.

import type { AppContext } from "../../http/context.ts";
import { actOnRun, nameRun, type RunAction, resetWindow } from "../../operators/actions.ts";
import { startRedelivery } from "../../operators/redelivery.ts";
import { consoleDeps } from "./deps.ts";
import type { FlashCode } from "./flash.ts";
import { DEAD_LETTERS, redeliveryAt, runAt, userAt } from "./links.ts";
import { parseNamedRun, parseRunTarget, parseSomeUser, withSeconds } from "./queries.ts";
import { goTo, type Handler, notFoundPage, page, renderProblem } from "./render.tsx";

const SAID: Record<RunAction, FlashCode> = {
  poll: "polled",
  redeliver: "redelivering",
  abandon: "abandoned",
};

function submitRunAction(action: RunAction): Handler {
  return page(async (c) => {
    const form = await readForm(c);
    return toRun(c, action, c.req.param("run_id"), form.get("user"));
  });
}

const submitNamedRun = page(async (c) => {
  const form = await readForm(c);
  const named = await parseNamedRun(c.req.param(), form.get("run_id") ?? "");
  if (named.kind === "invalid") return named.parameter === "run_id" ? badForm(c) : notFoundPage(c);
  const { userKey, runKey, runId } = named.value;
  c.get("notes").runId = runId;
  const acted = await nameRun(consoleDeps(c), c.get("operator"), userKey, runKey, runId);
  return goTo(c, userAt(userKey), acted === null ? "not_now" : "named");
});

const submitResetWindow = page(async (c) => {
  const user = await parseSomeUser({ user: c.req.param("user") });
  if (user.kind === "invalid") return notFoundPage(c);
  const { outcome } = await resetWindow(consoleDeps(c), c.get("operator"), user.value);
  return goTo(c, userAt(user.value), outcome === "done" ? "window_reset" : "not_now");
});

/** One letter, those that were ticked, or all of a host and a time: the button says which. */
const submitRedelivery = page(async (c) => {
  const form = await readForm(c);
  const only = form.get("only");
  if (only !== null) return toRun(c, "redeliver", only, null);
  switch (form.get("what") ?? "") {
    case "selection": {
      const ids = form.getAll("run_id");
      return ids.length === 0 ? goTo(c, DEAD_LETTERS, "nothing_selected") : redeliver(c, { run_ids: ids });
    }
    case "range": {
      const [host, reason] = [form.get("host") || null, form.get("reason") || null];
      const [from, to] = ["from", "to"].map((name) => withSeconds(form.get(name) ?? "") || null);
      if (!(host || reason || from || to)) return goTo(c, DEAD_LETTERS, "nothing_given");
      return redeliver(c, { run_ids: null, host, reason, from, to });
    }
    default:
      return badForm(c);
  }
});

/** Below the pages that they stand on. */
export const FORMS: readonly [path: string, submit: Handler][] = [
  ["/runs/:run_id/poll", submitRunAction("poll")],
  ["/runs/:run_id/redeliver", submitRunAction("redeliver")],
  ["/runs/:run_id/abandon", submitRunAction("abandon")],
  ["/users/:user/open-runs/:run_key/poll", submitNamedRun],
  ["/users/:user/reset-window", submitResetWindow],
  ["/dead-letters/redeliver", submitRedelivery],
];

async function toRun(
  c: AppContext,
  action: RunAction,
  id: string | undefined,
  user: string | null,
): Promise<Response> {
  const run = await parseRunTarget(id, { user: user ?? "" });
  if (run.kind === "invalid") return badForm(c);
  const { runId, userKey } = run.value;
  c.get("notes").runId = runId;
  const acted = await actOnRun(consoleDeps(c), c.get("operator"), action, runId, userKey);
  if (acted === null) return notFoundPage(c);
  return goTo(c, runAt(runId, acted.user), acted.outcome === "done" ? SAID[action] : "not_now");
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
