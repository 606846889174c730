// The object's one alarm, and what it is set to. Setting it is a row written, so it is only ever set to another time.
export class AlarmClock {
  readonly #storage: DurableObjectStorage;
  #setToMs: number | null | "unread" = "unread";

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Rings at `atMs` at the latest. */
  async ringBy(atMs: number): Promise<void> {
    const setToMs = await this.#setTo();
    if (setToMs === null || atMs < setToMs) await this.#set(atMs);
  }

  /** Rings at `atMs` and not before; null: not at all. */
  async ringAt(atMs: number | null): Promise<void> {
    const setToMs = await this.#setTo();
    if (atMs === setToMs) return;
    if (atMs !== null) return this.#set(atMs);
    this.#setToMs = null;
    await this.#storage.deleteAlarm();
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
    await this.#storage.setAlarm(atMs);
  }
}
