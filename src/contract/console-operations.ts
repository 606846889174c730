// The operators' part of the contract.

import { ERROR_KINDS } from "../platform/observability/recent-errors.ts";
import { hostActions, runActions, userControls } from "./console-actions.ts";
import {
  failureParameters,
  searchedUser,
  spanParameters,
  text,
  time,
  userInPath,
  userParameters,
  uuid,
} from "./console-parameters.ts";
import { API, common, errors, get, post } from "./console-parts.ts";
import {
  type Answer,
  answer,
  asCsv,
  CHARGE_EXAMPLE,
  type Entry,
  exported,
  inQuery,
  jsonBody,
  ref,
  uncounted,
  uuidInPath,
} from "./parts.ts";
import { AUDIT_ACTIONS, DISMISSED, HOST_SORTS, RESULTS, SPANS, STATES } from "./search-values.ts";

export function consoleOperations(): Entry[] {
  return [
    get("/overview", "getConsoleOverview", "What the gateway has done", "ConsoleOverview", [
      inQuery("span", { type: "string", enum: ["hour", "day", "week"], default: "hour" }),
    ]),
    get("/errors", "getConsoleErrors", "What fails, and for whom", "ConsoleErrors", [
      inQuery("kind", { type: "string", enum: [...ERROR_KINDS] }),
      inQuery("route", text),
      inQuery("stored_action_id", uuid),
      inQuery("host", { type: "string", description: "Of the callback." }),
      ...userParameters(),
    ]),
    get("/runs", "findConsoleRuns", "Find runs", "ConsoleRunPage", [
      inQuery("run_id", {
        type: "string",
        description: "A run id, a URL that has one, or the first 8 characters of one at least.",
      }),
      ...searchedUser(),
      inQuery("stored_action_id", uuid),
      ...failureParameters(),
      inQuery("state", { type: "string", enum: [...STATES] }),
      inQuery("result", { type: "string", enum: [...RESULTS] }),
      ...spanParameters(),
      inQuery("cursor", text),
    ]),
    get("/runs/{run_id}", "getConsoleRun", "Read a run", "ConsoleRun", [
      uuidInPath("run_id"),
      ...userParameters(),
    ]),
    ...runActions(),
    get("/users", "findConsoleUser", "Find a user by key or subject", "ConsoleUser", searchedUser()),
    get("/users/{user}", "getConsoleUser", "Read a user", "ConsoleUser", [
      userInPath,
      inQuery("open_cursor", text),
      inQuery("claims_cursor", text),
    ]),
    post("/users/{user}/reset-window", "resetConsoleWindow", "Forget what a user's windows have counted", {
      parameters: [userInPath],
      status: "200",
      description: "It is done",
    }),
    ...userControls(),
    get("/dead-letters", "getConsoleDeadLetters", "Dead letters", "ConsoleDeadLetters", [
      ...failureParameters(),
      inQuery("dismissed", { type: "string", enum: [...DISMISSED], default: "false" }),
      ...spanParameters(),
      inQuery("cursor", text),
      inQuery("overdue_cursor", text),
    ]),
    post("/dead-letters/dismiss", "dismissConsoleDeadLetters", "Dismiss many dead letters", {
      parameters: [],
      schema: "ConsoleRedelivery",
      description: "It has begun",
      body: jsonBody(ref("ConsoleDismissal"), {
        OfOneHost: {
          value: { host: "client.example", dismissal: "the receiver is gone for good" },
          summary: "All of one host",
        },
      }),
    }),
    post("/dead-letters/redeliver", "redeliverConsoleDeadLetters", "Send many dead letters again", {
      parameters: [],
      schema: "ConsoleRedelivery",
      description: "It has begun",
      body: jsonBody(ref("ConsoleRedeliveryFilter"), {
        OfOneHost: { value: { host: "client.example" }, summary: "All of one host" },
      }),
    }),
    get("/redeliveries/{id}", "getConsoleRedelivery", "How far that is", "ConsoleRedelivery", [
      uuidInPath("id"),
    ]),
    get("/destinations", "getConsoleDestinations", "How hosts have fared", "ConsoleDestinations", [
      inQuery("span", { type: "string", enum: [...SPANS], default: "day" }),
      inQuery("sort", { type: "string", enum: [...HOST_SORTS], default: "failures" }),
      inQuery("host", { type: "string", description: "This one alone, whether it had an attempt or not." }),
      inQuery("cursor", text),
    ]),
    ...hostActions(),
    get("/audit", "getConsoleAudit", "What operators did", "ConsoleAuditPage", [
      inQuery("operator", text),
      inQuery("action", { type: "string", enum: [...AUDIT_ACTIONS] }),
      inQuery("target", text),
      ...spanParameters(),
      inQuery("cursor", text),
    ]),
    { path: `${API}/charges`, method: "get", operation: exportCharges() },
    { path: `${API}/reindex`, method: "post", operation: reindexGates() },
  ];
}

function exportCharges(): Entry["operation"] {
  return {
    ...common("exportConsoleCharges", "Export every user's charges"),
    description:
      "One line of JSON for each charge of any user from `from` up to, but not including, `to`; with `Accept: text/csv` the same as CSV (RFC 4180, with a header row). A page has up to 1,000 charges of up to 40 users, and may have none: it is the last one only when it has no `Link`. Users come in no order of meaning, each one's charges oldest first. A request that fails is repeated with the same cursor, and nothing is missed or given twice.",
    parameters: [
      inQuery("from", time, true),
      inQuery("to", { ...time, description: "At least 5 minutes ago, so that the span is complete." }, true),
      inQuery("cursor", { type: "string", description: "The `X-Next-Cursor` of a page of the same span." }),
    ],
    responses: { "200": chargesAnswer(), ...errors() },
  };
}

function chargesAnswer(): Answer {
  const example = {
    user: "k1WQ9qkBcBzXbL3JmAq0Yt7eHnGv5sRd2fUoIxCpMwE",
    issuer: "https://login.example.com",
    subject: "alice",
    ...CHARGE_EXAMPLE,
  };
  return {
    description: "A page of charges",
    headers: exported,
    content: {
      "application/x-ndjson": {
        schema: ref("ConsoleCharge"),
        examples: { Line: { value: example, summary: "One line" } },
      },
      "text/csv": asCsv(example),
    },
  };
}

function reindexGates(): Entry["operation"] {
  return {
    ...common("reindexConsole", "Have gates report everything to a new index"),
    description:
      "After the operators' index (D1) was lost and created anew. Each request asks up to 40 gates; a gate that has reported to this index already does nothing.",
    parameters: [
      inQuery("cursor", { type: "string", description: "The `next_cursor` of the request before." }),
    ],
    responses: {
      "200": answer("These gates were asked", ref("ConsoleReindexPage"), uncounted),
      ...errors(),
    },
  };
}
