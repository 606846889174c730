// Gates in workerd that a script fills and has work (bench/workers/gate): rows are counted inside, time is taken here,
// because a Worker's clock stands still while it works.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startWorker } from "../harness/worker.ts";

export type Rows = { read: number; written: number };

export async function startGates() {
  const folder = mkdtempSync(join(tmpdir(), "gates-"));
  const config = "bench/workers/gate/wrangler.toml";
  const { port, close } = await startWorker({ name: "gate", config, folder, bindings: () => ({}) });
  const call = async <T>(gate: string, method: string, ...values: unknown[]): Promise<T> => {
    const body = JSON.stringify({ gate, method, values });
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body });
    if (!response.ok) throw new Error(`${method} of a gate failed: ${await response.text()}`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- bench/workers/gate answers so
    return (await response.json()) as T;
  };
  return {
    /** Bytes of a row, by table. */
    fill: (gate: string, ended: number, open: number) =>
      call<Record<string, number>>(gate, "fill", ended, open),
    prepare: (gate: string, times: number) => call(gate, "prepare", times),
    /** Its memory goes; it starts again when it is called next. */
    forget: (gate: string) => call(gate, "forget").catch(() => undefined),
    /** A piece of work: its rows, and how long each took, seen from here. */
    async perform(gate: string, work: string, times: number): Promise<Rows & { tookMs: number }> {
      const startedAt = performance.now();
      const rows = await call<Rows>(gate, "perform", work, times);
      return { ...rows, tookMs: (performance.now() - startedAt) / times };
    },
    async close(): Promise<void> {
      await close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
