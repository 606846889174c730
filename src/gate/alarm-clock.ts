// The object's one alarm, and what it is set to. Setting it is a row written, so it is only ever set to another time, and
// times that lie ahead share a grid, so that a busy user pays for few.

const GRID_MS = 1_000;

export class AlarmClock {
  readonly #storage: DurableObjectStorage;
  #setToMs: number | null | "unread" = "unread";

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Rings at `atMs` at the latest, or up to a second after it. */
  async ringBy(atMs: number): Promise<void> {
    const ringsAtMs = onGrid(atMs);
    const setToMs = await this.#setTo();
    if (setToMs === null || ringsAtMs < setToMs) await this.#set(ringsAtMs);
  }

  /** To be called when it rings: it is set to nothing then. */
  rang(): void {
    this.#setToMs = null;
  }

  async #setTo(): Promise<number | null> {
    if (this.#setToMs === "unread") this.#setToMs = await this.#storage.getAlarm();
    return this.#setToMs;
  }

  async #set(atMs: number): Promise<void> {
    this.#setToMs = atMs;
    try {
      await this.#storage.setAlarm(atMs);
    } catch (error) {
      this.#setToMs = "unread";
      throw error;
    }
  }
}

// An alarm is never set for a moment that is not ahead.
function onGrid(atMs: number): number {
  const nowMs = Date.now();
  return atMs <= nowMs ? nowMs + 1 : Math.ceil(atMs / GRID_MS) * GRID_MS;
}
