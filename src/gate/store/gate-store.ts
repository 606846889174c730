// A gate's storage, divided by lifetime: each kind of row has a file of its own here, with all of its SQL. Long-lived rows
// stand in one table per period. Tables are made when first needed, so a user of plain runs has none. Rows say their
// version, and are readable for as long as they are kept, also after a rollback.
import type { StoredControl } from "../controls.ts";
import type { Windows } from "../counter.ts";
import { Answers } from "./answers.ts";
import { Charges } from "./charges.ts";
import { EndedRuns } from "./ended-runs.ts";
import { OpenRuns } from "./open-runs.ts";
import { Outbox } from "./outbox.ts";

/** Single values, one row each. */
type Marks = {
  /** Whose gate it is; written with the first promise. */
  user: { userKey: string; issuer: string; subject: string };
  /** Up to when charges were shown. */
  shown_to_ms: number;
  /** The last day that was reported to the operators' index. */
  active_day: number;
  /** Since when answers may be missing here; KV has their copies. */
  incomplete_since_ms: number;
  /** The operators' index to which everything has been reported, and when that was checked. */
  epoch: { id: string; checkedAtMs: number };
  /** When the registry in KV was last known to have this gate. */
  registered_at_ms: number;
  /** A dead letter was reported to the operators' index. */
  dead_letters: boolean;
  /** The operators' index says that runs are overdue here. */
  overdue: boolean;
  /** What operators have set for this user; null: they have lifted it. */
  control: StoredControl | null;
};

const NOTHING_COUNTED: Windows = { revision: 0, runs: null, results: null };

export class GateStore {
  readonly #storage: DurableObjectStorage;
  #tables: Tables;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#tables = openTables(storage.sql);
  }

  get openRuns(): OpenRuns {
    return this.#tables.openRuns;
  }

  get answers(): Answers {
    return this.#tables.answers;
  }

  get endedRuns(): EndedRuns {
    return this.#tables.endedRuns;
  }

  get charges(): Charges {
    return this.#tables.charges;
  }

  get outbox(): Outbox {
    return this.#tables.outbox;
  }

  /** Whether the alarm has to come back for it: not for a user of plain runs, who has no table. */
  get isUsed(): boolean {
    return this.openRuns.exists || this.#keepsPast || this.outbox.nextAtMs() !== null;
  }

  /** A gate that gets no more calls ends: without a past, the empty table of open runs goes too. */
  dropUnused(): void {
    if (!this.#keepsPast && this.mark("overdue") !== true) this.openRuns.dropIfEmpty();
  }

  get #keepsPast(): boolean {
    const { answers, endedRuns, charges } = this.#tables;
    return !(answers.isEmpty && endedRuns.isEmpty && charges.isEmpty);
  }

  /** The newest copy there is: the one written behind, or the one in a run's row. */
  newestWindows(inOpenRuns: Windows | null): Windows {
    const behind = this.#storage.kv.get<Windows>("windows") ?? NOTHING_COUNTED;
    return [inOpenRuns, this.endedRuns.newestCounted()].reduce<Windows>(
      (newest, copy) => (copy !== null && copy.revision > newest.revision ? copy : newest),
      behind,
    );
  }

  async saveWindows(windows: Windows, durable = false): Promise<void> {
    await this.#storage.put("windows", windows, { allowUnconfirmed: !durable });
  }

  mark<Name extends keyof Marks>(name: Name): Marks[Name] | undefined {
    return this.#storage.kv.get<Marks[Name]>(name);
  }

  setMark<Name extends keyof Marks>(name: Name, value: Marks[Name]): void {
    this.#storage.kv.put(name, value);
  }

  /** All or nothing: what throws leaves no row behind. */
  atomically<T>(work: () => T): T {
    try {
      return this.#storage.transactionSync(work);
    } catch (error) {
      // Tables that it made are gone again.
      this.#tables = openTables(this.#storage.sql);
      throw error;
    }
  }

  get bytes(): number {
    return this.#storage.sql.databaseSize;
  }
}

type Tables = {
  openRuns: OpenRuns;
  answers: Answers;
  endedRuns: EndedRuns;
  charges: Charges;
  outbox: Outbox;
};

function openTables(sql: SqlStorage): Tables {
  const names = sql
    .exec<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .toArray()
    .map(({ name }) => name);
  return {
    openRuns: new OpenRuns(sql, names),
    answers: new Answers(sql, names),
    endedRuns: new EndedRuns(sql, names),
    charges: new Charges(sql, names),
    outbox: new Outbox(sql, names),
  };
}
