// Gates in workerd that a script fills and has work (bench/workers/gate): rows are counted inside, time is taken here,
// because a Worker's clock stands still while it works.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startWorker } from "../harness/worker.ts";

export type Rows = { read: number; written: number };

export class MeteredGates {
  readonly #port: number;
  readonly #close: () => Promise<void>;

  private constructor(port: number, close: () => Promise<void>) {
    this.#port = port;
    this.#close = close;
  }

  static async start(): Promise<MeteredGates> {
    const folder = mkdtempSync(join(tmpdir(), "gates-"));
    const { port, close } = await startWorker({
      name: "gate",
      config: "bench/workers/gate/wrangler.toml",
      folder,
      bindings: () => ({}),
    });
    return new MeteredGates(port, async () => {
      await close();
      rmSync(folder, { recursive: true, force: true });
    });
  }

  /** Bytes of a row, by table. */
  fill(gate: string, ended: number, open: number): Promise<Record<string, number>> {
    return this.#call(gate, "fill", [ended, open]);
  }

  async prepare(gate: string, times: number): Promise<void> {
    await this.#call(gate, "prepare", [times]);
  }

  /** Its memory goes; it starts again when it is called next. */
  async forget(gate: string): Promise<void> {
    await this.#call(gate, "forget", []).catch(() => undefined);
  }

  /** A piece of work: its rows, and how long each took, seen from here. */
  async perform(gate: string, work: string, times: number): Promise<Rows & { tookMs: number }> {
    const startedAt = performance.now();
    const rows = await this.#call<Rows>(gate, "perform", [work, times]);
    return { ...rows, tookMs: (performance.now() - startedAt) / times };
  }

  close(): Promise<void> {
    return this.#close();
  }

  async #call<T>(gate: string, method: string, values: readonly unknown[]): Promise<T> {
    const body = JSON.stringify({ gate, method, values });
    const response = await fetch(`http://127.0.0.1:${this.#port}/`, { method: "POST", body });
    if (!response.ok) throw new Error(`${method} of a gate failed: ${await response.text()}`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- bench/workers/gate answers so
    return (await response.json()) as T;
  }
}
