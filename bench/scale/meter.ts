// What a database says that its queries read and wrote, and how long they took, seen from here.
import { spread } from "../harness/statistics.ts";

type Meta = { rows_read: number; rows_written: number; size_after: number };
type Result = { results: unknown[]; meta: Meta };
type Statement = { bind(...values: unknown[]): Statement; run(): Promise<Result> };
export type Db = { prepare(sql: string): Statement; batch(statements: Statement[]): Promise<Result[]> };

export class Meter {
  /** To be used in the database's place. */
  readonly db: Db;
  bytes = 0;
  readonly #times: number;
  readonly #bare = new WeakMap<Statement, Statement>();
  #read = 0;
  #written = 0;

  constructor(db: Db, times: number) {
    this.#times = times;
    this.db = {
      prepare: (sql) => this.#metered(db.prepare(sql)),
      batch: async (statements) =>
        this.#note(await db.batch(statements.map((one) => this.#bare.get(one) ?? one))),
    };
  }

  /** What one piece of work reads, writes and takes, in words. What is done after each is left out. */
  async time(
    work: (time: number) => Promise<unknown>,
    after: () => Promise<unknown> = async () => undefined,
  ): Promise<string> {
    const tookMs: number[] = [];
    let [read, written] = [0, 0];
    for (let time = 0; time < this.#times; time++) {
      this.#read = 0;
      this.#written = 0;
      const startedAt = performance.now();
      await work(time);
      tookMs.push(performance.now() - startedAt);
      read += this.#read / this.#times;
      written += this.#written / this.#times;
      await after();
    }
    const wrote = written === 0 ? "" : `${Math.round(written)} written, `;
    return `${Math.round(read)} read, ${wrote}${spread(tookMs).median.toFixed(1)} ms`;
  }

  #metered(statement: Statement): Statement {
    const metered: Statement = {
      bind: (...values) => this.#metered(statement.bind(...values)),
      run: async () => {
        const result = await statement.run();
        this.#note([result]);
        return result;
      },
    };
    this.#bare.set(metered, statement);
    return metered;
  }

  #note(results: Result[]): Result[] {
    for (const { meta } of results) {
      this.#read += meta.rows_read;
      this.#written += meta.rows_written;
      this.bytes = meta.size_after;
    }
    return results;
  }
}
