// Whether a name is one of the gateway's settings, and which one was meant where it is not.
import { SETTING_NAMES } from "../src/platform/settings.ts";

/** More letters than these are no slip of the fingers. */
const MAX_EDITS = 3;
/** Two letters that have changed places. */
const MAX_SLIP_EDITS = 2;

/** Null when it is a setting; otherwise a sentence that says what to do. */
export function describeUnknown(name: string): string | null {
  if (SETTING_NAMES.some((known) => known === name)) return null;
  const nearest = findNearest(name);
  const advice = nearest === null ? 'README, "Settings", has all of them.' : `Did you mean ${nearest}?`;
  return `${name} is not a setting. ${advice}`;
}

/** Whether a name that need not be a setting's is nearly one: `UPSTREAM_ULR` among the variables of a shell. */
export function isSlip(name: string): boolean {
  return describeUnknown(name) !== null && findNearest(name, MAX_SLIP_EDITS) !== null;
}

function findNearest(name: string, maxEdits = MAX_EDITS): string | null {
  const spelled = name.toUpperCase().replaceAll(/[-.]/g, "_");
  for (let edits = 0; edits <= maxEdits; edits++) {
    const nearest = SETTING_NAMES.find((known) => isNear(spelled, known, edits));
    if (nearest !== undefined) return nearest;
  }
  return null;
}

/** Whether so many letters that are put in, taken out or replaced make one of the other. */
function isNear(one: string, other: string, edits: number): boolean {
  if (one === other) return true;
  const [a, b] = [one.slice(1), other.slice(1)];
  if (one !== "" && one[0] === other[0]) return isNear(a, b, edits);
  return (
    edits > 0 &&
    [isNear(a, b, edits - 1), isNear(a, other, edits - 1), isNear(one, b, edits - 1)].includes(true)
  );
}
