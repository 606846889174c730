// What a clause is, and how its check ends: it returns, it throws a Breach (the deployment does something else than the
// contract says), or it throws a Skip (an option that the check needs was not given).
import type { World } from "./world.ts";

export const SECTIONS = {
  surface: "What needs no token",
  who: "Who are you?",
  start: "Starting a run",
  json: "JSON passes undamaged",
  limit: "Rate limit",
  idempotency: "Idempotency",
  read: "Reading a run",
  callback: "Callbacks",
  delivery: "Deliveries",
  billing: "Billing",
  pass: "Pass-through",
  errors: "Errors",
  reset: "The end of a window",
} as const;

export type Section = keyof typeof SECTIONS;

/** `note` is for what the reader of an "ok" should know. */
type Check<W> = (world: W, note: (text: string) => void) => Promise<void>;

export type Clause<W = World, S = Section> = {
  section: S;
  /** `section.name`. */
  id: string;
  text: string;
  /** Started at once and beside the others: it mostly waits, and has a user of its own. */
  isAside: boolean;
  check: Check<W>;
};

export type Result<S = Section> = Pick<Clause<never, S>, "id" | "section" | "text"> & {
  outcome: "ok" | "breach" | "skipped";
  /** What was seen, why it was skipped, or a note; null when there is nothing to say. */
  detail: string | null;
};

export class Breach extends Error {}

export class Skip extends Error {}

/** Makes the clauses of a section. Each has its name first, then what the contract says. */
export function defineClauses(section: Section, isAside = false) {
  return (says: `${string}: ${string}`, check: Check<World>): Clause => {
    const [name = ""] = says.split(": ", 1);
    return { section, id: `${section}.${name}`, text: says.slice(name.length + 2), isAside, check };
  };
}
