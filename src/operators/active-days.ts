// The days on which users were active, as the operators' index keeps them: a row a user and month, a bit a day. Pure.

const DAY_MS = 86_400_000;

/** `month` is 202611 for November 2026; bit 0 of `days` is its first day. */
export type MonthDays = { month: number; days: number };

/** The days in UTC that a span touches, by month; `toMs` is not part of it. */
export function daysByMonth(fromMs: number, toMs: number): MonthDays[] {
  const months = new Map<number, number>();
  for (let day = Math.floor(fromMs / DAY_MS); day * DAY_MS < toMs; day += 1) {
    const date = new Date(day * DAY_MS);
    const month = date.getUTCFullYear() * 100 + date.getUTCMonth() + 1;
    months.set(month, (months.get(month) ?? 0) + 2 ** (date.getUTCDate() - 1));
  }
  return [...months].map(([month, days]) => ({ month, days }));
}

/** `hit`: the user was active on one of the chosen days. */
export type ActiveRow = { user_key: string; hit: number };

export type ActiveUsers = {
  users: string[];
  /** After whom to go on; null: there are no more. */
  next: string | null;
};

/**
 * The users of several months, each once, in the order of their keys. A month that has as many rows as were asked for
 * has more behind them, so nothing is known of users beyond its last one.
 */
export function mergeMonths(
  months: readonly (readonly ActiveRow[])[],
  asked: number,
  limit: number,
): ActiveUsers {
  const ends = months.filter((rows) => rows.length === asked).map((rows) => rows.at(-1)?.user_key ?? "");
  const known = ends.toSorted()[0] ?? null;
  const keys = months.flat().flatMap(({ user_key, hit }) => (hit === 0 ? [] : [user_key]));
  const users = [...new Set(keys)].filter((key) => known === null || key <= known).toSorted();
  const taken = users.slice(0, limit);
  return { users: taken, next: users.length > limit ? (taken.at(-1) ?? null) : known };
}
