import type { Billing } from "../auth/caller.ts";
import type { RunTarget } from "../runs/run-target.ts";

/** What was promised, written down before the upstream hears of the run and never changed. */
export type Intent = {
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

/** Throws on another version: a ledger that a later gateway wrote. */
export function parseIntent(text: string): Intent {
  const intent: Intent = JSON.parse(text);
  if (intent.v !== 1) throw new Error("an intent of an unknown version");
  return intent;
}
