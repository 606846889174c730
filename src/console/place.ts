// A place in a list that goes from the newest to the oldest, and the cursor that leads on from it. Opaque to whoever
// holds one, who may send back anything.
import { decodeCursor, encodeCursor } from "../ledger/cursor.ts";

/** Of what was looked at last. */
export type Place = { atMs: number; id: string };

/** Before everything. */
export const NEWEST: Place = { atMs: Number.MAX_SAFE_INTEGER, id: "" };

export function cursorOf({ atMs, id }: Place): string {
  return encodeCursor({ chargedAtMs: atMs, runId: id });
}

/** Null for anything that `cursorOf` does not write. */
export function placeOf(cursor: string): Place | null {
  const position = decodeCursor(cursor);
  return position && { atMs: position.chargedAtMs, id: position.runId };
}
