// Searching the runs of all users who were active on some days: gate by gate in the order of the users' keys, a bounded
// number of gates a page. A gate that does not answer is named and passed over, so that it cannot hold the search up.

import type { GateNamespace } from "../../gate/address.ts";
import { GateClient } from "../../gate/client.ts";
import type { EndedPosition } from "../../gate/store/ended-runs.ts";
import { daysByMonth, type MonthDays } from "../../operators/active-days.ts";
import { countActiveUsers, readActiveUsers } from "../../operators/index-store.ts";
import type { RunSummary } from "../../operators/views.ts";
import { inChunks } from "../../platform/chunks.ts";
import { log } from "../../platform/observability/log.ts";
import type { Walk } from "./gate-search.ts";
import type { FinishedIn } from "./run-query.ts";
import type { ManyCursor } from "./search-cursor.ts";

const GATES_AT_ONCE = 5;

export type ManySearch = {
  span: FinishedIn;
  gatesAPage: number;
  /** With so many runs a page is full. */
  enough: number;
  find: (gate: GateClient, position: EndedPosition | null) => Promise<Walk>;
};

/** `reached`: how far the search has come; `isOver`: no user is left. */
export type ManyPage = { runs: RunSummary[]; unanswered: string[]; reached: ManyCursor; isOver: boolean };

export async function searchMany(
  { operatorsDb, gates }: { operatorsDb: D1Database; gates: GateNamespace },
  search: ManySearch,
  cursor: ManyCursor | null,
): Promise<ManyPage> {
  const months = daysByMonth(search.span.fromMs, search.span.toMs);
  const page = newPage(cursor ?? (await beginning(operatorsDb, months)));
  const { user, position } = page.reached;
  if (position !== null) add(page, user, await answered(search, gates, { user, position }));
  if (isFull(page, search)) return page;
  const active = await readActiveUsers(operatorsDb, months, user, search.gatesAPage);
  for (const wave of inChunks(active.users, GATES_AT_ONCE)) {
    const walks = await Promise.all(
      wave.map((each) => answered(search, gates, { user: each, position: null })),
    );
    for (const [index, walk] of walks.entries()) {
      add(page, wave[index] ?? user, walk);
      if (isFull(page, search)) return page;
    }
  }
  if (active.next === null) return { ...page, isOver: true };
  return { ...page, reached: { ...page.reached, user: active.next, position: null } };
}

async function beginning(db: D1Database, months: readonly MonthDays[]): Promise<ManyCursor> {
  return { kind: "many", user: "", position: null, searched: 0, ...(await countActiveUsers(db, months)) };
}

function newPage(reached: ManyCursor): ManyPage {
  return { runs: [], unanswered: [], reached, isOver: false };
}

/** What one gate has found; null: it did not answer. */
function add(page: ManyPage, user: string, walk: Walk | null): void {
  if (walk === null) page.unanswered.push(user);
  page.runs.push(...(walk?.runs ?? []));
  const position = walk?.next ?? null;
  const searched = page.reached.searched + (position === null ? 1 : 0);
  page.reached = { ...page.reached, user, position, searched };
}

/** A gate that has more is gone on with before any other. */
function isFull({ runs, reached }: ManyPage, { enough }: ManySearch): boolean {
  return reached.position !== null || runs.length >= enough;
}

async function answered(
  { find }: ManySearch,
  gates: GateNamespace,
  { user, position }: { user: string; position: EndedPosition | null },
): Promise<Walk | null> {
  const gate = GateClient.ofUser(gates, user);
  try {
    return await find(gate, position);
  } catch (error) {
    log({ event: "gate.unavailable", gate: gate.id, error });
    return null;
  }
}
