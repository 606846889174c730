import type { Billing } from "../auth/caller.ts";
import type { RunTarget } from "./run-target.ts";

/** What one accepted start promises: to whom the end is delivered, and what a success costs. */
export type Terms = {
  v: 1;
  userKey: string;
  issuer: string;
  subject: string;
  scopes: readonly string[];
  billing: Billing;
  target: RunTarget;
  callbackUrl: string | null;
  /** Origin under which the run was started: the `iss` of what is said about it. */
  publicUrl: string;
};

/** In lower case: an action has one name, however it is spelt. Null for a one-off run. */
export function storedActionIdOf({ target }: Pick<Terms, "target">): string | null {
  return target.kind === "stored" ? target.storedActionId.toLowerCase() : null;
}
