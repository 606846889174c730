// What a search for runs is asked for, and which runs that is. Pure.

import { RESULTS, STATES } from "../../contract/search-values.ts";
import type { RunRecord } from "../../gate/admission.ts";
import type { ListedRun } from "../../gate/inspection.ts";
import type { DeliveryState } from "../../runs/delivery.ts";
import { storedActionIdOf } from "../../runs/terms.ts";
import {
  BadParameter,
  type Given,
  parseChoice,
  parseCursor,
  parseSpan,
  parseUser,
  parseUuid,
  type Span,
} from "../shell/parameters.ts";
import { decodeSearchCursor, type SearchCursor } from "./search-cursor.ts";

/** Null: any. */
export type Filter = {
  storedActionId: string | null;
  state: DeliveryState | null;
  result: "success" | "error" | "none" | null;
};

/** By the time at which a run finished: delivered, dead, or ended without a callback. `toMs` is not part of it. */
export type FinishedIn = { fromMs: number; toMs: number };

/** By the time at which runs finished. */
export type RunQuery = Filter &
  Span & { runId: string | null; userKey: string | null; after: SearchCursor | null };

/** Without a user, whose days are asked for. */
const MAX_DAYS = 92;
const DAY_MS = 86_400_000;

/** `user` is a user key; or `issuer` and `subject` say who it is. */
export async function parseRunQuery(given: Given, nowMs: number): Promise<RunQuery> {
  const userKey = await parseUser(given);
  return {
    runId: parseUuid(given, "run_id"),
    userKey,
    storedActionId: parseUuid(given, "stored_action_id"),
    state: parseChoice(given, "state", STATES),
    result: parseChoice(given, "result", RESULTS),
    ...(userKey === null ? parseDays(given, nowMs) : parseSpan(given)),
    after: parseCursor(given, (text) => {
      const cursor = decodeSearchCursor(text);
      return cursor?.kind === (userKey === null ? "many" : "user") ? cursor : null;
    }),
  };
}

function parseDays(given: Given, nowMs: number): Span {
  const { fromMs, toMs } = parseSpan(given);
  if (fromMs !== null && (toMs ?? nowMs) - fromMs > MAX_DAYS * DAY_MS)
    throw new BadParameter(
      "from",
      `from must not be more than ${MAX_DAYS} days before to, or a user be named.`,
    );
  return { fromMs, toMs };
}

export function passesFilter(
  { run, terms, state }: RunRecord,
  { storedActionId, state: wanted, result }: Filter,
): boolean {
  return (
    (storedActionId === null || storedActionIdOf(terms) === storedActionId) &&
    (wanted === null || state === wanted) &&
    (result === null || (run.status === "ended" ? run.result : "none") === result)
  );
}

/** An open run will finish later than now: it belongs to a span that has not ended. */
export function isInSpan({ finishedAtMs }: ListedRun, { fromMs, toMs }: FinishedIn, nowMs: number): boolean {
  return finishedAtMs === null ? toMs > nowMs : finishedAtMs >= fromMs && finishedAtMs < toMs;
}
