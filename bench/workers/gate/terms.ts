import type { Terms } from "../../../src/runs/terms.ts";
import { FULL_TERMS } from "../../../test/support/terms.ts";

export const ACTION = "11111111-2222-4333-8444-555555555555";

/** What every run of the bench promises. */
export const TERMS: Terms = {
  ...FULL_TERMS,
  userKey: "u".repeat(43),
  issuer: "https://login.example.com",
  subject: "5f0c7a52-6b1f-4a53-9d0e-0c3b1e8f7a21",
  target: { kind: "stored", storedActionId: ACTION },
  callbackUrl: "https://client.example.com/hooks/actions",
  publicUrl: "https://actions.example.com",
};
