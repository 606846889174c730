// Tokens that were verified lately, because a caller sends one token with many requests and checking a signature is
// most of what a plain run costs here. What is kept is only that this very text was signed with this very key: a
// hit asks the issuer's keys again, so a key that has left the set takes its tokens along, and judges the times again,
// so nothing lives beyond its `exp`. The text is fit for a key because only the canonical spelling verifies.
import type { Caller } from "./caller.ts";
import type { Verified } from "./token.ts";

export type VerifiedToken = Verified & { requiredScope: string; caller: Caller };

/** A thousand usual ones. */
const MAX_CHARACTERS = 1_000_000;
/** Longer ones are rare, and would push out many. */
const MAX_TOKEN_CHARACTERS = 8_192;

export class VerifiedTokens {
  /** Oldest first. */
  readonly #known = new Map<string, VerifiedToken>();
  #characters = 0;

  get(token: string): VerifiedToken | null {
    return this.#known.get(token) ?? null;
  }

  put(token: string, verified: VerifiedToken): void {
    if (token.length > MAX_TOKEN_CHARACTERS) return;
    this.forget(token);
    this.#known.set(token, verified);
    this.#characters += token.length;
    for (const oldest of this.#known.keys()) {
      if (this.#characters <= MAX_CHARACTERS) return;
      this.forget(oldest);
    }
  }

  forget(token: string): void {
    if (this.#known.delete(token)) this.#characters -= token.length;
  }
}
