import { expect } from "vitest";
import type { Stage, Started } from "./stage.ts";

/** Each of these runs, and no other, was delivered and charged once, by one attempt, and nothing is left to do. */
export async function expectKept(stage: Stage, ...started: Pick<Started, "runId">[]): Promise<void> {
  const ids = started.map(({ runId }) => runId).toSorted();
  const { runs, attempts, charges } = await stage.records();
  const delivered = runs.filter(({ state }) => state === "delivered");
  const found = [delivered, runs, attempts, charges].map(idsOf);
  expect([...found, stage.deliveredIds.toSorted(), await stage.rows()]).toEqual([ids, ids, ids, ids, ids, 0]);
}

function idsOf(rows: { run_id: string }[]): string[] {
  return rows.map(({ run_id }) => run_id).toSorted();
}
