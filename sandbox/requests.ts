// The bodies that the sandbox accepts, one parser per shape. Values that are given back later stay text (raw-json.ts).

import { findAction } from "./actions.ts";
import { type Problem, problem } from "./errors.ts";
import { members } from "./raw-json.ts";

export type StartRequest = {
  kind: "start";
  /** JSON text, exactly as it came. */
  inputs: string;
  page: string | null;
  callbackUrl: string | null;
  /** Lower case: ids are compared without regard to case. */
  idempotencyId: string | null;
  actionKey: string | null;
};

export type ActionDraft = { title: string; action: string; params: string };
export type ActionChange = { kind: "change"; change: Partial<ActionDraft> };

const MAX_TASKS = 1_000_000_000;

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

export function parseStart(body: string): StartRequest | Problem {
  const data = parseData(body);
  if (!(data instanceof Map)) return data;
  const page = textMember(data, "page");
  const callbackUrl = textMember(data, "callback_url");
  const idempotencyId = textMember(data, "idempotency_id");
  const actionKey = textMember(data, "action_key");
  if (page === undefined) return malformed("page");
  if (callbackUrl === undefined || !(callbackUrl === null || URL.canParse(callbackUrl))) {
    return malformed("callback_url");
  }
  if (idempotencyId === undefined || !(idempotencyId === null || isUuid(idempotencyId))) {
    return malformed("idempotency_id");
  }
  return {
    kind: "start",
    inputs: data.get("inputs") ?? "{}",
    page,
    callbackUrl,
    idempotencyId: idempotencyId?.toLowerCase() ?? null,
    actionKey: actionKey ?? null,
  };
}

export function parseActionChange(body: string): ActionChange | Problem {
  const data = parseData(body);
  if (!(data instanceof Map)) return data;
  const title = textMember(data, "title");
  const action = textMember(data, "action");
  const params = data.get("params");
  if (title === undefined) return malformed("title");
  if (action === undefined || !(action === null || findAction(action))) return malformed("action");
  if (params !== undefined && !params.startsWith("{")) return malformed("params");
  const change: Partial<ActionDraft> = {};
  if (title !== null) change.title = title;
  if (action !== null) change.action = action;
  if (params !== undefined) change.params = params;
  return { kind: "change", change };
}

export function parseBalance(body: string): { kind: "balance"; tasks: number } | Problem {
  const data = parseData(body);
  if (!(data instanceof Map)) return data;
  const tasks: unknown = JSON.parse(data.get("tasks") ?? "null");
  const fits = typeof tasks === "number" && Number.isInteger(tasks) && tasks >= 0 && tasks <= MAX_TASKS;
  return fits ? { kind: "balance", tasks } : malformed("tasks");
}

function parseData(body: string): Map<string, string> | Problem {
  try {
    JSON.parse(body);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return problem("bad_request", "The body is not JSON.");
  }
  const data = members(body).get("data");
  return data?.startsWith("{") ? members(data) : problem("bad_request", "data must be an object.", "/data");
}

/** null when absent or null, undefined when it is no string. */
function textMember(data: Map<string, string>, name: string): string | null | undefined {
  const value: unknown = JSON.parse(data.get(name) ?? "null");
  return value === null || typeof value === "string" ? value : undefined;
}

function malformed(name: string): Problem {
  return problem("bad_request", `${name} is malformed.`, `/data/${name}`);
}
