// What the gate knows of its open runs without asking the disk: which rows there are, which one has a run id, and which
// one is due next. Read once when the object starts. Leases live here and nowhere else: an object that forgets
// them hands a run out twice, and the receiver's webhook-id covers that.

export type IndexedRun = {
  rowId: number;
  runKey: string;
  /** The upstream's, once it is known. */
  runId: string | null;
  /** When it must be polled or delivered. */
  dueAtMs: number;
  /** When the alarm does something about it: not before a message or a lease that is under way counts as lost. */
  actAtMs: number;
  /** A consumer has it until then; null: none has. */
  leasedUntilMs: number | null;
  /** A completion came while it was leased. */
  notified: boolean;
  /** When a completion last hurried a poll. */
  hurriedAtMs: number;
  /** To be processed where nothing else is in the batch. */
  alone: boolean;
  /** Read from its row and not seen since: whether a consumer had it when the object before this one went, is not known. */
  isLoaded: boolean;
};

/** Where a list of runs by the time at which they are due goes on. */
export type DuePosition = Pick<IndexedRun, "dueAtMs" | "runKey">;

type Slot = { run: IndexedRun; at: number };

/** Ordered by `actAtMs`: a binary heap whose entries know their place. */
export class RunIndex {
  readonly #byKey = new Map<string, Slot>();
  readonly #byRunId = new Map<string, Slot>();
  readonly #heap: Slot[] = [];
  /** Some have been given back since. */
  readonly #leasedAlone = new Set<IndexedRun>();

  get size(): number {
    return this.#heap.length;
  }

  get(runKey: string): IndexedRun | null {
    return this.#byKey.get(runKey)?.run ?? null;
  }

  findByRunId(runId: string): IndexedRun | null {
    return this.#byRunId.get(runId)?.run ?? null;
  }

  /** Whose run ids begin so; it looks at each run, so it is for operators' eyes. */
  startingWith(prefix: string, limit: number): IndexedRun[] {
    const slots = [...this.#byRunId].filter(([runId]) => runId.startsWith(prefix));
    return slots.slice(0, limit).map(([, { run }]) => run);
  }

  /** Adds a run as its row has it. */
  load(rowId: number, runKey: string, runId: string | null, dueAtMs: number): void {
    this.#add({ ...newEntry(rowId, runKey, runId, dueAtMs), isLoaded: true });
  }

  /** Adds a run, or changes what is known of one. No consumer has a run that is put. */
  put(rowId: number, runKey: string, runId: string | null, dueAtMs: number): void {
    const known = this.#byKey.get(runKey);
    if (known === undefined) return this.#add(newEntry(rowId, runKey, runId, dueAtMs));
    this.#nameRun(known, runId);
    Object.assign(known.run, { rowId, dueAtMs });
    this.free(known.run, dueAtMs);
  }

  remove(runKey: string): void {
    const slot = this.#byKey.get(runKey);
    if (slot === undefined) return;
    this.#nameRun(slot, null);
    this.#byKey.delete(runKey);
    const last = this.#heap.pop();
    if (last === undefined || last === slot) return;
    this.#place(last, slot.at);
    this.#sift(last);
  }

  /** No message and no consumer is under way with it; the alarm acts when it is due. */
  free(run: IndexedRun, dueAtMs: number): void {
    run.dueAtMs = dueAtMs;
    run.leasedUntilMs = null;
    run.notified = false;
    run.isLoaded = false;
    this.actAt(run, dueAtMs);
  }

  /** A consumer has it: the alarm acts when that one was not heard of again, and when it would have acted anyway. */
  lease(runKey: string, untilMs: number, notified = false): void {
    const run = this.get(runKey);
    if (run === null) return;
    run.leasedUntilMs = untilMs;
    run.notified = notified;
    this.actAt(run, Math.max(run.actAtMs, untilMs));
  }

  /** How many runs consumers have that are alone. `added`: one more. */
  leasedAlone(nowMs: number, added?: IndexedRun): number {
    if (added) this.#leasedAlone.add(added);
    for (const run of this.#leasedAlone)
      if (this.get(run.runKey) !== run || nowMs >= (run.leasedUntilMs ?? 0)) this.#leasedAlone.delete(run);
    return this.#leasedAlone.size;
  }

  actAt(run: IndexedRun, atMs: number): void {
    run.actAtMs = atMs;
    const slot = this.#byKey.get(run.runKey);
    if (slot !== undefined) this.#sift(slot);
  }

  /** It is too large, or failed too often, to be in a batch with others. */
  setAlone(runKey: string): void {
    const slot = this.#byKey.get(runKey);
    if (slot !== undefined) slot.run.alone = true;
  }

  /** The one that the alarm must do something about first. */
  first(): IndexedRun | null {
    return this.#heap[0]?.run ?? null;
  }

  /** Up to `limit` runs after a place, those that are due first at the front; it sorts, so it is for operators' eyes. */
  earliest(limit: number, after: DuePosition | null = null): IndexedRun[] {
    const all = this.#heap.map(({ run }) => run);
    const left = all.filter((run) => after === null || compareDue(after, run) < 0);
    return left.toSorted(compareDue).slice(0, limit);
  }

  /** Runs without an id that are due between these moments, up to `limit`, those that are due first at the front. */
  nameless(fromMs: number, toMs: number, limit: number): IndexedRun[] {
    const found: IndexedRun[] = [];
    for (const { run } of this.#heap)
      if (run.runId === null && run.dueAtMs >= fromMs && run.dueAtMs < toMs) found.push(run);
    return found.toSorted((a, b) => a.dueAtMs - b.dueAtMs).slice(0, limit);
  }

  /** How many runs were due by `atMs`, and the first of them; it looks at each run, so it is not for every call. */
  dueBy(atMs: number): { first: IndexedRun; runs: number } | null {
    let first: IndexedRun | null = null;
    let runs = 0;
    for (const { run } of this.#heap) {
      if (run.dueAtMs > atMs) continue;
      runs += 1;
      if (first === null || run.dueAtMs < first.dueAtMs) first = run;
    }
    return first && { first, runs };
  }

  #add(run: IndexedRun): void {
    const slot = { run, at: this.#heap.length };
    this.#heap.push(slot);
    this.#byKey.set(run.runKey, slot);
    if (run.runId !== null) this.#byRunId.set(run.runId, slot);
    this.#sift(slot);
  }

  #nameRun(slot: Slot, runId: string | null): void {
    const { run } = slot;
    if (run.runId !== null && this.#byRunId.get(run.runId) === slot) this.#byRunId.delete(run.runId);
    run.runId = runId;
    if (runId !== null) this.#byRunId.set(runId, slot);
  }

  #place(slot: Slot, at: number): void {
    slot.at = at;
    this.#heap[at] = slot;
  }

  #sift(slot: Slot): void {
    this.#siftUp(slot);
    this.#siftDown(slot);
  }

  #siftUp(slot: Slot): void {
    for (;;) {
      const above = this.#heap[(slot.at - 1) >> 1];
      if (slot.at === 0 || above === undefined || above.run.actAtMs <= slot.run.actAtMs) return;
      this.#swap(above, slot);
    }
  }

  #siftDown(slot: Slot): void {
    for (;;) {
      const left = this.#heap[2 * slot.at + 1];
      const right = this.#heap[2 * slot.at + 2];
      const least =
        right !== undefined && left !== undefined && right.run.actAtMs < left.run.actAtMs ? right : left;
      if (least === undefined || slot.run.actAtMs <= least.run.actAtMs) return;
      this.#swap(slot, least);
    }
  }

  #swap(a: Slot, b: Slot): void {
    const at = a.at;
    this.#place(a, b.at);
    this.#place(b, at);
  }
}

function compareDue(a: DuePosition, b: DuePosition): number {
  return a.dueAtMs - b.dueAtMs || (a.runKey < b.runKey ? -1 : Number(a.runKey > b.runKey));
}

function newEntry(rowId: number, runKey: string, runId: string | null, dueAtMs: number): IndexedRun {
  return {
    rowId,
    runKey,
    runId,
    dueAtMs,
    actAtMs: dueAtMs,
    leasedUntilMs: null,
    notified: false,
    hurriedAtMs: Number.NEGATIVE_INFINITY,
    alone: false,
    isLoaded: false,
  };
}
