// Dead letters: the list, and redelivering one, some or all of them.
import { jsonPointer } from "../../contract/schemas.ts";
import { OVERLOADED } from "../../http/answers.ts";
import { receiveJson } from "../../http/body.ts";
import type { AppContext } from "../../http/context.ts";
import { decodeCursor } from "../../operators/cursor.ts";
import { startRedelivery } from "../../operators/redelivery.ts";
import { problem } from "../../platform/errors.ts";
import { isObject, parseJson } from "../../platform/json.ts";
import { findRepeatedName } from "../../upstream/rewrite.ts";
import { redeliverAction } from "../run/routes.ts";
import { endpoint, malformed, type Result } from "../shell/api.ts";
import { badForm, type Feature, readForm, submit, view } from "../shell/feature.ts";
import { DEAD_LETTERS, redeliveryAt } from "../shell/links.ts";
import { parseCursor, parseSpan, parseText, withSeconds } from "../shell/parameters.ts";
import { goTo, page } from "../shell/render.tsx";
import { DeadLettersPage } from "./page.tsx";
import { listDeadLetters } from "./query.ts";

const MAX_FILTER_BYTES = 65_536;

export const deadLetters: Feature = [
  view({
    path: "/dead-letters",
    parse: (given) => ({
      host: parseText(given, "host"),
      reason: parseText(given, "reason"),
      ...parseSpan(given),
      after: parseCursor(given, decodeCursor),
    }),
    load: (c, query) => listDeadLetters(c.get("services").operatorsDb, query),
    Page: DeadLettersPage,
    FaultPage: DeadLettersPage,
  }),
  { path: "/dead-letters/redeliver", post: endpoint(redeliverFiltered), form: page(submitRedelivery) },
];

async function redeliverFiltered(c: AppContext): Promise<Result> {
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
  const started = await start(c, wanted);
  if (started.kind === "started") return { status: 202, body: started.redelivery };
  return badBody(started.detail, started.pointer);
}

function badBody(detail: string, pointer: string): Result {
  return malformed(problem("bad_request", detail, { source: { pointer } }));
}

/** One letter, those that were ticked, or all of a host and a time: the button says which. */
async function submitRedelivery(c: AppContext): Promise<Response> {
  const form = await readForm(c);
  const only = form.get("only");
  if (only !== null) return submit(c, redeliverAction, { run_id: only });
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
}

async function redeliver(c: AppContext, wanted: object): Promise<Response> {
  const started = await start(c, wanted);
  return started.kind === "started" ? c.redirect(redeliveryAt(started.redelivery.id), 303) : badForm(c);
}

async function start(c: AppContext, wanted: unknown) {
  const { parseRedeliveryFilter } = await import("../../contract/redelivery-filter.ts");
  const verdict = parseRedeliveryFilter(wanted);
  if (verdict.kind === "invalid") return verdict;
  const redelivery = await startRedelivery(c.get("services"), c.get("operator"), verdict.filter);
  return { kind: "started" as const, redelivery };
}
