// Tables of one kind, one per period, so that retention is DROP TABLE and deletes no rows. Which there are is read once
// from the schema; a table is created when the first row of its period comes.

export type Partition = { table: string; period: number };

export class Partitions {
  readonly #sql: SqlStorage;
  readonly #prefix: string;
  readonly #ddl: (table: string) => string;
  /** By period, the newest first. */
  #known: Partition[];

  /** `prefix` ends in an underscore; the period's number follows it in a table's name. */
  constructor(sql: SqlStorage, tables: readonly string[], prefix: string, ddl: (table: string) => string) {
    this.#sql = sql;
    this.#prefix = prefix;
    this.#ddl = ddl;
    const periods = tables
      .filter((table) => table.startsWith(prefix))
      .map((table) => Number(table.slice(prefix.length)));
    this.#known = periods
      .filter(Number.isSafeInteger)
      .toSorted((a, b) => b - a)
      .map((period) => this.#partition(period));
  }

  newestFirst(): readonly Partition[] {
    return this.#known;
  }

  oldestFirst(): readonly Partition[] {
    return this.#known.toReversed();
  }

  find(period: number): Partition | null {
    return this.#known.find((partition) => partition.period === period) ?? null;
  }

  /** The period's table, made if it is not there. */
  ensure(period: number): Partition {
    const known = this.find(period);
    if (known !== null) return known;
    const created = this.#partition(period);
    this.#sql.exec(this.#ddl(created.table));
    this.#known = [...this.#known, created].toSorted((a, b) => b.period - a.period);
    return created;
  }

  drop({ table, period }: Partition): void {
    this.#sql.exec(`DROP TABLE IF EXISTS ${table}`);
    this.#known = this.#known.filter((partition) => partition.period !== period);
  }

  dropBefore(period: number): void {
    for (const partition of this.oldestFirst()) if (partition.period < period) this.drop(partition);
  }

  #partition(period: number): Partition {
    return { table: `${this.#prefix}${period}`, period };
  }
}
