// What a caller sees of its own run's callback.
import type { Answer, Caller } from "./caller.ts";
import { until } from "./process.ts";

export type DeliveriesView = {
  state: "waiting" | "retrying" | "delivered" | "dead" | "aborted";
  next_attempt_at: string | null;
  attempts: { number: number; at: string; status: number | null; error: string | null }[];
};

const WITHIN_MS = 30_000;

export async function readDeliveries(caller: Caller, action: string, runId: string): Promise<DeliveriesView> {
  const { status, text } = await caller.call(deliveriesPath(action, runId));
  if (status !== 200) throw new Error(`no deliveries: ${status} ${text.slice(0, 500)}`);
  const { data }: { data: DeliveriesView } = JSON.parse(text);
  return data;
}

export function redeliver(caller: Caller, action: string, runId: string): Promise<Answer> {
  return caller.call(`${deliveriesPath(action, runId)}/redeliver`, { method: "POST" });
}

/** The view of a delivery that has come to one of these states. */
export async function untilState(
  caller: Caller,
  action: string,
  runId: string,
  ...states: DeliveriesView["state"][]
): Promise<DeliveriesView> {
  let view = await readDeliveries(caller, action, runId);
  await until(`the state ${states.join(" or ")}`, WITHIN_MS, async () => {
    view = await readDeliveries(caller, action, runId);
    return states.includes(view.state);
  });
  return view;
}

export function deliveriesPath(action: string, runId: string): string {
  return `/actions/v1/stored-actions/${action}/runs/${runId}/deliveries`;
}
