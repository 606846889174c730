// The books are one writer, so what many runs have to say at about the same time is written in one batch. Nobody's
// callback waits here: an entry is handed over after its attempt.
import type { LedgerEntry } from "../ledger/entry.ts";
import { log } from "../observability/log.ts";

const GATHER_MS = 20;
const MAX_BATCH = 100;

type Waiting = { entry: LedgerEntry; done: (booked: boolean) => void };

export class Recorder {
  readonly #write: (entries: LedgerEntry[]) => Promise<unknown>;
  #waiting: Waiting[] = [];

  constructor(write: (entries: LedgerEntry[]) => Promise<unknown>) {
    this.#write = write;
  }

  /** True once the entry is on the books; false when they refused it, and it has to be offered again. */
  record(entry: LedgerEntry): Promise<boolean> {
    return new Promise((done) => {
      this.#waiting.push({ entry, done });
      if (this.#waiting.length === MAX_BATCH) void this.#flush();
      else if (this.#waiting.length === 1) setTimeout(() => void this.#flush(), GATHER_MS);
    });
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    const booked = await this.#tryWrite(batch.map(({ entry }) => entry));
    for (const { done } of batch) done(booked);
  }

  async #tryWrite(entries: LedgerEntry[]): Promise<boolean> {
    try {
      await this.#write(entries);
      return true;
    } catch (error) {
      log({ event: "ledger.refused", entries: entries.length, error });
      return false;
    }
  }
}
