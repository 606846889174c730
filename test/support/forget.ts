// A gate that has made room: its answers are gone, and KV has their copies.
import { runInDurableObject } from "cloudflare:test";
import { Counter } from "../../src/gate/counter.ts";
import { GateStore } from "../../src/gate/store/gate-store.ts";
import { freeSpace } from "../../src/gate/upkeep.ts";
import type { UserGate } from "../../src/gate/user-gate.ts";
import { evict } from "./evict.ts";

/** As at 9 GB: the gate drops what it may, and knows of it. */
export async function forgetAnswers(gate: DurableObjectStub<UserGate>): Promise<void> {
  await runInDurableObject(gate, (_gate, { storage }) => {
    const store = new GateStore(storage);
    const counter = new Counter(store, store.newestWindows(null), () => undefined);
    while (freeSpace(store, counter, { freeSpaceAt: 0, fullAt: 0 }, Date.now()) !== null);
  });
  await evict(gate);
}
