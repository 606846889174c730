// The upstream of a world of runs: it starts one run an id for 72 hours, or one a start; and it says what is true, forgets,
// or is down. Its own clock does not step back.
import { REPLAY_MS } from "../../src/runs/claim.ts";
import type { Observation, RunResult } from "../../src/runs/run.ts";
import type { Truth, UpstreamMood } from "./run-events.ts";

export class WorldUpstream {
  readonly #truth: Truth;
  readonly #honoursIds: boolean;
  readonly #startedAtMs = new Map<string, number>();
  #nowMs: number;

  constructor(truth: Truth, honoursIds: boolean, nowMs: number) {
    this.#truth = truth;
    this.#honoursIds = honoursIds;
    this.#nowMs = nowMs;
  }

  get runs(): string[] {
    return [...this.#startedAtMs.keys()];
  }

  passTo(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
  }

  start(): string {
    const [known, startedAtMs = 0] = [...this.#startedAtMs].at(-1) ?? [];
    const isKnown = known !== undefined && this.#nowMs < startedAtMs + REPLAY_MS;
    if (this.#honoursIds && isKnown) return known;
    const runId = crypto.randomUUID();
    this.#startedAtMs.set(runId, this.#nowMs);
    return runId;
  }

  read(runId: string, mood: UpstreamMood): RunResult | Observation {
    if (mood === "down") return { kind: "unseen", unknown: false };
    const startedAtMs = this.#startedAtMs.get(runId);
    if (startedAtMs === undefined || mood === "forgetful") return { kind: "unseen", unknown: true };
    if (this.#nowMs < startedAtMs + this.#truth.endsAfterMs) return { kind: "waiting", runId };
    return this.#truth.result;
  }
}
