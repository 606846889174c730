// A user as the gate sees it now, and what its runs have cost day by day.
import { GateClient } from "../gate/client.ts";
import type { Inspection } from "../gate/inspection.ts";
import type { Window } from "../gate/window.ts";
import { deliveryStateOf } from "../progress/ledger-entries.ts";
import type { ConsoleDeps } from "./deps.ts";
import { booksOfUser } from "./store.ts";
import { timeOf } from "./times.ts";
import type { UnfinishedRun, UserView, WindowCount } from "./views.ts";

const DAY_MS = 86_400_000;
const DAYS = 30;

/** Anybody has a view: one who was never here has an empty one. Throws when the gate or the books do not answer. */
export async function userView(
  { ledger, gates, defaultLimit, nowMs }: Pick<ConsoleDeps, "ledger" | "gates" | "defaultLimit" | "nowMs">,
  userKey: string,
): Promise<UserView> {
  const sinceMs = (Math.floor(nowMs / DAY_MS) - DAYS + 1) * DAY_MS;
  const [seen, books] = await Promise.all([
    GateClient.ofUser(gates, userKey).inspect(),
    booksOfUser(ledger, userKey, sinceMs),
  ]);
  const who = seen.user ?? books.user;
  return {
    user: userKey,
    issuer: who?.issuer ?? null,
    subject: who?.subject ?? null,
    windows: { runs: countOf(seen.windows.runs), results: countOf(seen.windows.results) },
    default_limit: defaultLimit,
    unfinished: seen.unfinished.map(unfinishedOf),
    claims: seen.claims.map(({ id, status, sinceMs: since, endsAtMs }) => {
      return { idempotency_id: id, status, since: timeOf(since), ends_at: timeOf(endsAtMs) };
    }),
    usage: books.usage.map(({ day, tasks }) => ({ day: timeOf(day * DAY_MS).slice(0, 10), tasks })),
  };
}

function countOf(window: Window | null): WindowCount | null {
  return window && { count: window.count, resets_at: timeOf(window.endsAtMs) };
}

function unfinishedOf({ key, run, hasCallback }: Inspection["unfinished"][number]): UnfinishedRun {
  const waiting = hasCallback ? "waiting" : "none";
  return {
    key,
    run_id: run.status === "forwarding" ? run.named : run.runId,
    status: run.status,
    state: run.status === "ended" ? deliveryStateOf(run.delivery) : waiting,
    due_at: timeOf(run.dueAtMs),
  };
}
