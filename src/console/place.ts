// A place in a list that goes from the newest to the oldest, and the cursor that leads on from it.
import { decodeOpaque, encodeOpaque } from "../opaque.ts";

/** Of what was looked at last. */
export type Place = { atMs: number; id: string };

/** Before everything. */
export const NEWEST: Place = { atMs: Number.MAX_SAFE_INTEGER, id: "" };

export function cursorOf({ atMs, id }: Place): string {
  return encodeOpaque([atMs, id]);
}

/** Null for anything that `cursorOf` does not write. */
export function placeOf(cursor: string): Place | null {
  const [atMs, id, ...rest] = decodeOpaque(cursor) ?? [];
  if (typeof atMs !== "number" || typeof id !== "string" || rest.length > 0) return null;
  return { atMs, id };
}
