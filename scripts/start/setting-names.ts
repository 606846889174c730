// Whether a name is one of the gateway's settings, and which one was meant where it is not.
import { SETTING_NAMES } from "../../src/platform/settings.ts";

/** More letters than these are no slip of the fingers. */
const MAX_EDITS = 3;

/** Null when it is a setting; otherwise a sentence that says what to do. */
export function describeUnknown(name: string): string | null {
  if (SETTING_NAMES.some((known) => known === name)) return null;
  const nearest = findNearest(name);
  const advice = nearest === null ? 'README, "Settings", has all of them.' : `Did you mean ${nearest}?`;
  return `${name} is not a setting. ${advice}`;
}

function findNearest(name: string): string | null {
  const spelled = name.toUpperCase().replaceAll(/[-.]/g, "_");
  const byDistance = SETTING_NAMES.map((known) => ({ known, edits: countEdits(spelled, known) }));
  const [nearest] = byDistance.toSorted((a, b) => a.edits - b.edits);
  return nearest !== undefined && nearest.edits <= MAX_EDITS ? nearest.known : null;
}

/** Letters to put in, take out or replace until one is the other (the Levenshtein distance). */
function countEdits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [at, letter] of from.split("").entries()) {
    const next = [at + 1];
    for (const [column, other] of to.split("").entries())
      next.push(
        Math.min(
          (row[column + 1] ?? 0) + 1,
          (next[column] ?? 0) + 1,
          (row[column] ?? 0) + (letter === other ? 0 : 1),
        ),
      );
    row = next;
  }
  return row.at(-1) ?? 0;
}
