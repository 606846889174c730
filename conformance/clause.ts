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

export type Clause = {
  /** `section.name`. */
  id: `${Section}.${string}`;
  text: string;
  /** Started at once and beside the others: it mostly waits, and has a user of its own. */
  aside?: true;
  /** `note` is for what the reader of an "ok" should know. */
  check: (world: World, note: (text: string) => void) => Promise<void>;
};

export type Result = {
  id: string;
  section: string;
  text: string;
  outcome: "ok" | "breach" | "skipped";
  /** What was seen, why it was skipped, or a note; null when there is nothing to say. */
  detail: string | null;
};

export class Breach extends Error {}

export class Skip extends Error {}

export function sectionOf({ id }: Clause): string {
  return id.slice(0, id.indexOf("."));
}
