// A run's page: what the books and its gate know of it, as a time line, and what can be done with it now.
import type { LiveRun } from "../gate/admission.ts";
import { GateClient } from "../gate/client.ts";
import { parseIntent } from "../gate/intent.ts";
import { isFinished } from "../gate/run.ts";
import { findRun } from "../ledger/repository.ts";
import { type BookedRun, type DeliveryView, deliveryView } from "../runs/deliveries.ts";
import type { ConsoleDeps } from "./deps.ts";
import { type SummaryRow, summaryOfRun } from "./store.ts";
import { summaryOf, summaryOfLive } from "./summary.ts";
import { timeLineOf } from "./time-line.ts";
import type { RunDetail } from "./views.ts";

/** Everything that is known of a run, and whose it is. */
export type KnownRun = {
  userKey: string;
  gate: GateClient;
  row: SummaryRow | null;
  live: LiveRun | null;
  booked: BookedRun | null;
  /** Null when it has no callback. */
  delivery: DeliveryView | null;
};

/**
 * Null when nobody knows it. A run that is not in the books yet is known to its user's gate alone. Throws when either
 * does not answer.
 */
export async function findKnownRun(
  { ledger, gates, nowMs }: Pick<ConsoleDeps, "ledger" | "gates" | "nowMs">,
  runId: string,
  user: string | null,
): Promise<KnownRun | null> {
  const found = await summaryOfRun(ledger, runId);
  const row = user === null || found?.user_key === user ? found : null;
  const userKey = user ?? row?.user_key ?? null;
  if (userKey === null) return null;
  const gate = GateClient.ofUser(gates, userKey);
  const [live, booked] = await Promise.all([
    gate.findRun(runId),
    row === null ? null : findRun(ledger, userKey, runId),
  ]);
  if (live === null && booked === null) return null;
  const intent = live?.intent ?? (booked && parseIntent(booked.run.intent));
  const delivery = intent && deliveryView(intent.target, live, booked, nowMs);
  return { userKey, gate, row, live, booked, delivery };
}

export async function runDetail(
  deps: Pick<ConsoleDeps, "ledger" | "gates" | "nowMs">,
  runId: string,
  user: string | null,
): Promise<RunDetail | null> {
  const known = await findKnownRun(deps, runId, user);
  return known && detailOf(known);
}

function detailOf(known: KnownRun): RunDetail | null {
  const { row, live, booked, delivery } = known;
  const summary = row === null ? live && summaryOfLive(live) : summaryOf(row, live);
  const intent = live?.intent ?? (booked && parseIntent(booked.run.intent));
  if (summary === null || intent === null) return null;
  return {
    ...summary,
    callback_url: intent.callbackUrl,
    billable: intent.billing.is_billable,
    time_line: timeLineOf(summary, delivery?.attempts ?? [], live),
    can: { look: canLook(known), redeliver: canRedeliver(known), give_up: canGiveUp(known) },
  };
}

/** Whether the upstream can be asked for its end. */
export function canLook({ live }: Pick<KnownRun, "live">): boolean {
  return live?.run.status === "accepted";
}

function canRedeliver({ delivery }: Pick<KnownRun, "delivery">): boolean {
  return delivery !== null && delivery.revival !== null;
}

/** Whether somebody is still to be told of it, or its end to be found. */
export function canGiveUp({ live }: Pick<KnownRun, "live">): boolean {
  if (live === null || isFinished(live.run)) return false;
  return live.run.status === "accepted" || live.run.delivery.kind === "pending";
}
