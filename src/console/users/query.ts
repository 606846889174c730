// A user as the gate sees it now, and what its runs have cost day by day.

import { buildSecretId, findCallbackSecrets } from "../../callbacks/callback-secret.ts";
import { GateClient } from "../../gate/client.ts";
import type { InspectedAfter, Inspection } from "../../gate/inspection.ts";
import type { OpenRunView, UserView, WindowCount } from "../../operators/views.ts";
import { formatTime } from "../../platform/date-time.ts";
import { decodeOpaque, encodeOpaque } from "../../platform/opaque.ts";
import type { Window } from "../../rate-limit/window.ts";
import type { DeliveryState } from "../../runs/delivery.ts";
import type { Services } from "../../services/services.ts";

const DAY_MS = 86_400_000;
const DAYS = 30;

/** `after`: where the lists of open runs and of claims go on. */
export type UserQuery = { userKey: string; after?: InspectedAfter };

/** Null for anything that `userView` does not write. */
export function decodePlace(text: string): [at: number, id: string] | null {
  const [at, id, ...rest] = decodeOpaque(text) ?? [];
  return typeof at !== "number" || typeof id !== "string" || rest.length > 0 ? null : [at, id];
}

export function toAfter(
  open: [dueAtMs: number, runKey: string] | null,
  claims: [day: number, id: string] | null,
): InspectedAfter {
  return {
    open: open && { dueAtMs: open[0], runKey: open[1] },
    claims: claims && { day: claims[0], id: claims[1] },
  };
}

/** Null: nothing says that there is such a user. Throws when the gate does not answer. */
export async function userView(
  { gates, settings }: Pick<Services, "gates" | "settings">,
  { userKey, after }: UserQuery,
  nowMs: number,
): Promise<UserView | null> {
  const usageFromMs = (Math.floor(nowMs / DAY_MS) - DAYS + 1) * DAY_MS;
  const seen = await GateClient.ofUser(gates, userKey).inspect(usageFromMs, after);
  if (!seen.isKnown) return null;
  const secrets = await findCallbackSecrets(settings.signingKeys, userKey);
  return {
    user: userKey,
    issuer: seen.user?.issuer ?? null,
    subject: seen.user?.subject ?? null,
    control: toControlView(seen.control),
    windows: { runs: toWindowCount(seen.windows.runs), results: toWindowCount(seen.windows.results) },
    default_limit: settings.rateLimit,
    callback_secret_ids: await Promise.all(secrets.map(buildSecretId)),
    open_runs: seen.open.map(toOpenRunView),
    open_count: seen.openCount,
    open_next_cursor: seen.openNext && encodeOpaque([seen.openNext.dueAtMs, seen.openNext.runKey]),
    claims_next_cursor: seen.claimsNext && encodeOpaque([seen.claimsNext.day, seen.claimsNext.id]),
    claims: seen.claims.map(({ id, status, sinceMs, endsAtMs }) => {
      return { idempotency_id: id, status, since: formatTime(sinceMs), ends_at: formatTime(endsAtMs) };
    }),
    usage: seen.usage.map(({ day, tasks }) => ({ day: formatTime(day * DAY_MS).slice(0, 10), tasks })),
  };
}

function toControlView(control: Inspection["control"]): UserView["control"] {
  if (control === null) return null;
  const { kind, untilMs, operator, setAtMs } = control;
  const limit = kind === "limit" ? control.limit : null;
  return { kind, limit, until: formatTime(untilMs), set_by: operator, set_at: formatTime(setAtMs) };
}

function toWindowCount(window: Window | null): WindowCount | null {
  return window && { count: window.count, resets_at: formatTime(window.endsAtMs) };
}

function toOpenRunView(open: Inspection["open"][number]): OpenRunView {
  const { runKey, run, dueAtMs } = open;
  return {
    run_key: runKey,
    run_id: run.status === "forwarding" ? run.hintedRunId : run.runId,
    status: run.status,
    state: toState(open),
    due_at: formatTime(dueAtMs),
  };
}

function toState({ run, hasCallback }: Inspection["open"][number]): DeliveryState {
  if (!hasCallback) return "none";
  return run.status === "ended" ? "retrying" : "waiting";
}
