// Reads what is inside a user's gate, and sets its time.
import { runInDurableObject } from "cloudflare:test";
import { vi } from "vitest";
import type { UserGate } from "../../src/gate/user-gate.ts";
import type { Gateway } from "./gateway.ts";

/** The claims that the gate holds, `id status`, by id. */
export async function readClaims(gateway: Gateway): Promise<string[]> {
  return runInDurableObject(await gateway.gateOf(), (gate: UserGate) =>
    gate
      .inspect(0)
      .claims.map(({ id, status }) => `${id} ${status}`)
      .toSorted(),
  );
}

/** Lets fake time pass inside the gate: its timers are its own, and only there can they fire. */
export async function passInGate(gateway: Gateway, ms: number): Promise<void> {
  await runInDurableObject(await gateway.gateOf(), () => {
    vi.advanceTimersByTime(ms);
  });
}

/** Yields until something holds that the product does in its own time. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await scheduler.wait(1);
}
