// Dead letters: the list, and redelivering or dismissing one, some or all of them.
import { jsonPointer } from "../../contract/schemas.ts";
import { DISMISSED } from "../../contract/search-values.ts";
import { OVERLOADED } from "../../http/answers.ts";
import { receiveJson } from "../../http/body.ts";
import type { AppContext } from "../../http/context.ts";
import { decodeCursor } from "../../operators/cursor.ts";
import type { DeadLetterFilter } from "../../operators/index-store.ts";
import { startRedelivery } from "../../operators/redelivery.ts";
import { problem } from "../../platform/errors.ts";
import { isObject, parseJson } from "../../platform/json.ts";
import { findRepeatedName } from "../../upstream/rewrite.ts";
import { redeliverAction } from "../run/routes.ts";
import { endpoint, malformed, type Result } from "../shell/api.ts";
import { badForm, type Feature, type Route, readForm, submit, view } from "../shell/feature.ts";
import { DEAD_LETTERS, redeliveryAt } from "../shell/links.ts";
import {
  type Given,
  judge,
  parseChoice,
  parseCursor,
  parseHostName,
  parseHttpStatus,
  parseSpan,
  parseText,
  requireDismissal,
  withSeconds,
} from "../shell/parameters.ts";
import { goTo, page } from "../shell/render.tsx";
import { DeadLettersPage } from "./page.tsx";
import { listDeadLetters } from "./query.ts";

const MAX_FILTER_BYTES = 65_536;

export const deadLetters: Feature = [
  view({
    path: "/dead-letters",
    parse: (given) => ({
      ...parseFilter(given),
      ...parseSpan(given),
      after: parseCursor(given, decodeCursor),
      overdueAfter: parseCursor(given, decodeCursor, "overdue_cursor"),
    }),
    load: (c, query) => listDeadLetters(c.get("services").operatorsDb, query),
    Page: DeadLettersPage,
    FaultPage: DeadLettersPage,
  }),
  manyAt("/dead-letters/redeliver", "redeliver"),
  manyAt("/dead-letters/dismiss", "dismiss"),
];

type What = "redeliver" | "dismiss";

function manyAt(path: string, what: What): Route {
  return {
    path,
    post: endpoint((c) => startByBody(c, what)),
    form: page((c) => (what === "redeliver" ? submitRedelivery(c) : submitDismissal(c))),
  };
}

function parseFilter(given: Given): DeadLetterFilter & { dismissed: boolean } {
  return {
    host: parseHostName(given),
    reason: parseText(given, "reason"),
    http_status: parseHttpStatus(given),
    dismissed: parseChoice(given, "dismissed", DISMISSED) === "true",
  };
}

async function startByBody(c: AppContext, what: What): Promise<Result> {
  const received = await receiveJson(c.req.raw, MAX_FILTER_BYTES, c.get("reservation"), c.get("timer"));
  if (received === null) return { outcome: "shed", problem: OVERLOADED };
  if (received.kind === "too_large") {
    const detail = `The body is larger than ${received.maxBytes} bytes.`;
    return malformed(problem("payload_too_large", detail));
  }
  if (received.kind === "unreadable") return malformed(received.problem);
  const { text } = received;
  const wanted = parseJson(text);
  if (wanted === undefined) return badBody("The body is not valid JSON.", "");
  // A member that stands twice has no one value.
  const repeated = isObject(wanted) ? findRepeatedName(text) : null;
  if (repeated !== null) return badBody(`${jsonPointer([repeated])} stands twice.`, jsonPointer([repeated]));
  const started = await start(c, what, wanted);
  if (started.kind === "started") return { status: 202, body: started.redelivery };
  return badBody(started.detail, started.pointer);
}

function badBody(detail: string, pointer: string): Result {
  return malformed(problem("bad_request", detail, { source: { pointer } }));
}

/** One letter, those that were ticked, or all of a search: the button says which. */
async function submitRedelivery(c: AppContext): Promise<Response> {
  const form = await readForm(c);
  const only = form.get("only");
  if (only !== null) return submit(c, redeliverAction, { run_id: only });
  return submitMany(c, "redeliver", form, {});
}

async function submitDismissal(c: AppContext): Promise<Response> {
  const form = await readForm(c);
  const dismissal = await judge(() => requireDismissal(Object.fromEntries(form)));
  if (dismissal.kind === "ok") return submitMany(c, "dismiss", form, { dismissal: dismissal.value });
  return form.get("dismissal")?.trim() === "" ? goTo(c, DEAD_LETTERS, "no_dismissal") : badForm(c);
}

async function submitMany(
  c: AppContext,
  what: What,
  form: URLSearchParams,
  why: { dismissal?: string },
): Promise<Response> {
  switch (form.get("what") ?? "") {
    case "selection": {
      const ids = form.getAll("run_id");
      if (ids.length === 0) return goTo(c, DEAD_LETTERS, "nothing_selected");
      return startByForm(c, what, { run_ids: ids, ...why });
    }
    case "range": {
      const given = Object.fromEntries(form);
      const filter = await judge(() => parseFilter(given));
      if (filter.kind === "invalid") return badForm(c);
      const [from, to] = ["from", "to"].map((name) => withSeconds(given[name] ?? "") || null);
      const { host, reason, http_status: httpStatus, dismissed } = filter.value;
      if (!(host || reason || httpStatus || dismissed || from || to))
        return goTo(c, DEAD_LETTERS, "nothing_given");
      return startByForm(c, what, { ...filter.value, from, to, ...why });
    }
    default:
      return badForm(c);
  }
}

async function startByForm(c: AppContext, what: What, wanted: object): Promise<Response> {
  const started = await start(c, what, wanted);
  return started.kind === "started" ? c.redirect(redeliveryAt(started.redelivery.id), 303) : badForm(c);
}

async function start(c: AppContext, what: What, wanted: unknown) {
  const { parseDismissal, parseRedeliveryFilter } = await import("../../contract/redelivery-filter.ts");
  const verdict = what === "dismiss" ? parseDismissal(wanted) : parseRedeliveryFilter(wanted);
  if (verdict.kind === "invalid") return verdict;
  const { filter, dismissal } = verdict;
  const redelivery = await startRedelivery(c.get("services"), c.get("operator"), filter, dismissal);
  return { kind: "started" as const, redelivery };
}
