// What a start may promise, for tests that need a promise and do not care which.
import type { Terms } from "../../src/runs/terms.ts";

const HOOK = "https://client.example/hook";

/** Of a token that says nothing but that its runs are billed. */
export const BILLING: Terms["billing"] = {
  is_billable: true,
  origin: "actions_api",
  usage_type: "action_run",
  description: "an action was run via Actions API",
  exemption_reason: null,
  exemption_details: null,
};

/** A callback, and no charge. */
export const CALLBACK_TERMS: Terms = {
  v: 1,
  userKey: "user",
  issuer: "https://login.example",
  subject: "alice",
  scopes: ["external"],
  billing: { ...BILLING, is_billable: false },
  target: { kind: "one_off" },
  callbackUrl: HOOK,
  publicUrl: "https://edge.example",
};

/** A charge, and no callback. */
export const CHARGE_TERMS: Terms = {
  ...CALLBACK_TERMS,
  callbackUrl: null,
  billing: BILLING,
};

export const FULL_TERMS: Terms = { ...CHARGE_TERMS, callbackUrl: HOOK };
