// Users are looked up, by issuer and subject or by their key; each has a page.
import type { AppContext } from "../../http/context.ts";
import { nameRun, resetWindow } from "../../operators/actions.ts";
import type { UserView } from "../../operators/views.ts";
import { problem } from "../../platform/errors.ts";
import { asked, found } from "../shell/api.ts";
import { action, type Feature, view } from "../shell/feature.ts";
import { userAt } from "../shell/links.ts";
import { type Given, givenIn, judge, parseUser, requireUser, requireUuid } from "../shell/parameters.ts";
import { buildFrame, page, render } from "../shell/render.tsx";
import { userView } from "./query.ts";
import { UsersPage } from "./search-page.tsx";
import { UserPage } from "./user-page.tsx";

export const users: Feature = [
  {
    path: "/users",
    read: asked(requireUser, async (c, userKey) => found(await load(c, userKey))),
    page: page(searchUsers),
  },
  view({ path: "/users/:user", parse: userOfPath, load, Page: UserPage }),
  action({
    path: "/users/:user/reset-window",
    parse: userOfPath,
    perform: (c, userKey) => resetWindow(c.get("services"), c.get("operator"), userKey),
    status: 200,
    next: userAt,
    said: "window_reset",
  }),
  action({
    path: "/users/:user/open-runs/:run_key/poll",
    // `run_id` is what an operator says, the rest is the path's.
    parse: async (given) => ({
      userKey: await userOfPath(given),
      runKey: requireUuid(given, "run_key"),
      runId: requireUuid(given, "run_id"),
    }),
    perform: (c, { userKey, runKey, runId }) => {
      c.get("notes").runId = runId;
      return nameRun(c.get("services"), c.get("operator"), userKey, runKey, runId);
    },
    status: 202,
    missing: problem("not_found", "The user has no such start without an answer."),
    next: ({ userKey }) => userAt(userKey),
    said: "run_hinted",
  }),
];

function userOfPath({ user }: Given): Promise<string> {
  return requireUser({ user });
}

function load(c: AppContext, userKey: string): Promise<UserView> {
  return userView(c.get("services"), userKey, Date.now());
}

async function searchUsers(c: AppContext): Promise<Response> {
  const given = givenIn(c);
  const user = await judge(() => parseUser(given));
  if (user.kind === "ok" && user.value !== null) return c.redirect(userAt(user.value), 303);
  const issuers = c.get("services").settings.issuers.map(({ issuer }) => issuer);
  const fault = user.kind === "invalid" ? user.detail : null;
  const content = UsersPage({ frame: buildFrame(c), view: issuers, given, fault });
  return render(c, content, fault === null ? 200 : 400);
}
