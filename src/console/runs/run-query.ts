// What a search for runs is asked for, and which runs that is. Pure.

import { parseHost } from "../../callbacks/destination.ts";
import { NO_HOST, RESULTS, STATES } from "../../contract/search-values.ts";
import type { RunRecord } from "../../gate/admission.ts";
import { readFailure } from "../../gate/dead-letter.ts";
import type { ListedRun } from "../../gate/inspection.ts";
import type { DeliveryState } from "../../runs/delivery.ts";
import { storedActionIdOf } from "../../runs/terms.ts";
import {
  BadParameter,
  type Given,
  parseChoice,
  parseCursor,
  parseHostName,
  parseHttpStatus,
  parseSpan,
  parseText,
  parseTypedRun,
  parseUuid,
  type Span,
} from "../shell/parameters.ts";
import type { TypedRunId } from "../shell/typed.ts";
import { decodeSearchCursor, type SearchCursor } from "./search-cursor.ts";

/** Null: any. */
export type Filter = {
  storedActionId: string | null;
  state: DeliveryState | null;
  result: "success" | "error" | "none" | null;
  /** Of the callback, or NO_HOST. */
  host: string | null;
  /** Why the last attempt failed, or why the run was abandoned. */
  reason: string | null;
  /** Of the last attempt. */
  httpStatus: number | "none" | null;
};

/** By the time at which a run finished: delivered, dead, or ended without a callback. `toMs` is not part of it. */
export type FinishedIn = { fromMs: number; toMs: number };

/** By the time at which runs finished. */
export type RunQuery = Filter &
  Span & { run: TypedRunId | null; userKey: string | null; after: SearchCursor | null };

/** Without a user, whose days are asked for. */
const MAX_DAYS = 92;
const DAY_MS = 86_400_000;

/** `userKey`: whose runs, as the question says it. */
export function parseRunQuery(given: Given, userKey: string | null, nowMs: number): RunQuery {
  return {
    run: parseTypedRun(given),
    userKey,
    storedActionId: parseUuid(given, "stored_action_id"),
    state: parseChoice(given, "state", STATES),
    result: parseChoice(given, "result", RESULTS),
    host: parseHostName(given),
    reason: parseText(given, "reason"),
    httpStatus: parseHttpStatus(given),
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

export function passesFilter({ run, terms, state }: RunRecord, filter: Filter): boolean {
  const { status, reason } = readFailure(run);
  const pairs: [wanted: unknown, is: unknown][] = [
    [filter.storedActionId, storedActionIdOf(terms)],
    [filter.state, state],
    [filter.result, run.status === "ended" ? run.result : "none"],
    [filter.host, parseHost(terms.callbackUrl) ?? NO_HOST],
    [filter.reason, reason],
    [filter.httpStatus, status ?? "none"],
  ];
  return pairs.every(([wanted, is]) => wanted === null || wanted === is);
}

/** An open run will finish later than now: it belongs to a span that has not ended. */
export function isInSpan({ finishedAtMs }: ListedRun, { fromMs, toMs }: FinishedIn, nowMs: number): boolean {
  return finishedAtMs === null ? toMs > nowMs : finishedAtMs >= fromMs && finishedAtMs < toMs;
}
