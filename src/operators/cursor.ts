// A place in a list that goes from the newest to the oldest, and the cursor that leads on from it.
import { decodeOpaque, encodeOpaque } from "../platform/opaque.ts";

/** Of what was examined last. */
export type Cursor = { atMs: number; id: string };

/** Before everything. */
export const NEWEST: Cursor = { atMs: Number.MAX_SAFE_INTEGER, id: "" };

export function encodeCursor({ atMs, id }: Cursor): string {
  return encodeOpaque([atMs, id]);
}

/** Null for anything that `encodeCursor` does not write. */
export function decodeCursor(cursor: string): Cursor | null {
  const [atMs, id, ...rest] = decodeOpaque(cursor) ?? [];
  if (typeof atMs !== "number" || typeof id !== "string" || rest.length > 0) return null;
  return { atMs, id };
}
