import type { Clock } from "../../scripts/deploy/probe.ts";

/** Moves on by what is waited for, and takes no time. */
export class FakeClock implements Clock {
  readonly waitedMs: number[] = [];
  /** What happens meanwhile; gets the number of the wait, from 1. */
  meanwhile: (wait: number) => void = () => undefined;
  #nowMs = 1_000_000;

  readonly nowMs = (): number => this.#nowMs;

  readonly wait = async (ms: number): Promise<void> => {
    this.#nowMs += ms;
    this.waitedMs.push(ms);
    this.meanwhile(this.waitedMs.length);
  };
}
