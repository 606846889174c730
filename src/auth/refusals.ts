// The answers to callers and operators whose sign-in failed. They give no reason: it goes to the log.
import { type Problem, problem } from "../platform/errors.ts";
import type { KeySetFailure } from "./key-set.ts";

export type Refusal<Reason> = { kind: "refused"; problem: Problem; reason: Reason };

/** RFC 6750, section 3: with a token that is not good; without one the challenge is bare. */
export const INVALID_TOKEN = 'Bearer error="invalid_token"';

export function unauthenticated<Reason>(reason: Reason, challenge: string, detail: string): Refusal<Reason> {
  const headers = { "WWW-Authenticate": challenge };
  return { kind: "refused", problem: problem("unauthenticated", detail, { headers }), reason };
}

export function denied<Reason>(detail: string, reason: Reason): Refusal<Reason> {
  return { kind: "refused", problem: problem("permission_denied", detail), reason };
}

export function keysUnavailable(
  failure: KeySetFailure,
  retryAfterMs: number,
): Refusal<`keys.${KeySetFailure}`> {
  const retryAfterSeconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  const detail = "Tokens cannot be verified at the moment.";
  const of = problem("service_unavaiable", detail, { retryAfterSeconds });
  return { kind: "refused", problem: of, reason: `keys.${failure}` };
}
