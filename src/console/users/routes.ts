// Users are looked up, by subject or by their key; each has a page.

import { MAX_CONTROL_DAYS, MAX_CONTROL_LIMIT } from "../../contract/search-values.ts";
import type { AppContext } from "../../http/context.ts";
import { nameRun, resetWindow } from "../../operators/actions.ts";
import { liftControl, setControl } from "../../operators/user-controls.ts";
import type { UserView } from "../../operators/views.ts";
import { problem } from "../../platform/errors.ts";
import type { Control } from "../../rate-limit/control.ts";
import { asked, found } from "../shell/api.ts";
import { action, type Feature, view } from "../shell/feature.ts";
import { findUser, isKnownUser, requireFoundUser } from "../shell/find-user.ts";
import { runsAt, userAt, usersAt } from "../shell/links.ts";
import {
  type Given,
  givenIn,
  judge,
  parseCursor,
  parseText,
  requireUntil,
  requireUser,
  requireUuid,
  requireWhole,
} from "../shell/parameters.ts";
import { buildFrame, page, render } from "../shell/render.tsx";
import { parseRunId, parseTypedHost, parseUserKey } from "../shell/typed.ts";
import { decodePlace, toAfter, type UserQuery, userView } from "./query.ts";
import { UsersPage } from "./search-page.tsx";
import { UserPage } from "./user-page.tsx";

const NO_SUCH_USER = "No such user. Nothing was ever counted or promised for one.";
const missing = problem("not_found", "There is no such user.");

export const users: Feature = [
  {
    path: "/users",
    read: asked(
      (given, c) => requireFoundUser(c.get("services"), given),
      async (c, userKey) => found(await load(c, { userKey }), missing),
    ),
    page: page(searchUsers),
  },
  view({
    path: "/users/:user",
    parse: async (given) => ({
      userKey: await userOfPath(given),
      after: toAfter(
        parseCursor(given, decodePlace, "open_cursor"),
        parseCursor(given, decodePlace, "claims_cursor"),
      ),
    }),
    load,
    missing,
    Page: UserPage,
    elsewhere: ({ userKey }) => usersAt({ user: userKey }),
  }),
  action({
    path: "/users/:user/reset-window",
    parse: userOfPath,
    perform: (c, userKey) => resetWindow(c.get("services"), c.get("operator"), userKey),
    status: 200,
    missing,
    next: (userKey, acted) => acted && userAt(userKey),
    said: "window_reset",
  }),
  action({
    path: "/users/:user/block",
    parse: async (given) => ({
      userKey: await userOfPath(given),
      control: { kind: "blocked", untilMs: requireUntil(given, MAX_CONTROL_DAYS) } as const,
    }),
    perform: (c, { userKey, control }) => setControl(c.get("services"), c.get("operator"), userKey, control),
    status: 200,
    next: ({ userKey }) => userAt(userKey),
    said: "user_blocked",
  }),
  action({
    path: "/users/:user/limit",
    parse: async (given, c) => ({ userKey: await userOfPath(given), control: parseLimit(given, c) }),
    perform: (c, { userKey, control }) => setControl(c.get("services"), c.get("operator"), userKey, control),
    status: 200,
    next: ({ userKey }) => userAt(userKey),
    said: "user_limited",
  }),
  action({
    path: "/users/:user/lift",
    parse: userOfPath,
    perform: (c, userKey) => liftControl(c.get("services"), c.get("operator"), userKey),
    status: 200,
    next: (userKey) => userAt(userKey),
    said: "user_lifted",
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

function parseLimit(given: Given, c: AppContext): Control {
  const limit = requireWhole(given, "limit", MAX_CONTROL_LIMIT);
  const { rateLimitWindowMs: windowMs } = c.get("services").settings;
  return { kind: "limit", limit, windowMs, untilMs: requireUntil(given, MAX_CONTROL_DAYS) };
}

function load(c: AppContext, query: UserQuery): Promise<UserView | null> {
  return userView(c.get("services"), query, Date.now());
}

async function searchUsers(c: AppContext): Promise<Response> {
  const given = givenIn(c);
  const runs = findRunSearch(parseText(given, "user") ?? "");
  if (runs !== null) return c.redirect(runs, 303);
  const services = c.get("services");
  const user = await judge(() => findUser(services, given));
  if (user.kind === "invalid") return searchPage(c, given, user.detail, 400);
  if (user.value === null) return searchPage(c, given, null, 200);
  const isKnown = await isKnownUser(services.gates, user.value);
  if (isKnown) return c.redirect(userAt(user.value), 303);
  return searchPage(c, given, NO_SUCH_USER, 404, user.value);
}

/** What is no user key may be a run id or a host: those lead to runs, whose users are named there. */
function findRunSearch(typed: string): string | null {
  if (parseUserKey(typed) !== null) return null;
  if (parseRunId(typed) !== null) return runsAt({ run_id: typed.trim() });
  return typed.includes(".") && parseTypedHost(typed) !== null ? runsAt({ host: typed.trim() }) : null;
}

// A user without a trace may be blocked all the same: one who makes nothing but plain runs without a limit has none.
function searchPage(
  c: AppContext,
  given: Given,
  fault: string | null,
  status: 200 | 400 | 404,
  unknown: string | null = null,
) {
  const issuers = c.get("services").settings.issuers.map(({ issuer }) => issuer);
  return render(c, UsersPage({ frame: buildFrame(c), view: issuers, given, fault, unknown }), status);
}
