// Where a search goes on: in the runs of one user, or among the users who were active on the chosen days.
import type { EndedPosition } from "../../gate/store/ended-runs.ts";
import { decodeOpaque, encodeOpaque } from "../../platform/opaque.ts";

export type UserCursor = { kind: "user"; position: EndedPosition };

export type ManyCursor = {
  kind: "many";
  /** The user whose runs were read last. */
  user: string;
  /** Where that user's runs go on; null: they have all been read. */
  position: EndedPosition | null;
  /** How many users have been read to the end. */
  searched: number;
  /** How many there were when the search started. */
  users: number;
  /** False: there were more. */
  countedAll: boolean;
};

export type SearchCursor = UserCursor | ManyCursor;

export function encodeSearchCursor(cursor: SearchCursor): string {
  if (cursor.kind === "user") return encodeOpaque([cursor.position.week, cursor.position.seq]);
  const { user, position, searched, users, countedAll } = cursor;
  const counts = [searched, users, countedAll ? 1 : 0];
  return encodeOpaque([user, ...counts, position?.week ?? null, position?.seq ?? null]);
}

/** Null for anything that `encodeSearchCursor` does not write. */
export function decodeSearchCursor(text: string): SearchCursor | null {
  const values = decodeOpaque(text) ?? [];
  return values.length === 2 ? decodeUser(values) : decodeMany(values);
}

type Values = NonNullable<ReturnType<typeof decodeOpaque>>;

function decodeUser([week, seq]: Values): UserCursor | null {
  if (typeof week !== "number" || typeof seq !== "number") return null;
  return { kind: "user", position: { week, seq } };
}

function decodeMany([user, searched, users, countedAll, week, seq, ...rest]: Values): ManyCursor | null {
  if (typeof user !== "string" || typeof searched !== "number" || typeof users !== "number") return null;
  if (rest.length > 0 || (countedAll !== 0 && countedAll !== 1)) return null;
  const counts = { kind: "many" as const, user, searched, users, countedAll: countedAll === 1 };
  if (week === null && seq === null) return { ...counts, position: null };
  if (typeof week !== "number" || typeof seq !== "number") return null;
  return { ...counts, position: { week, seq } };
}
