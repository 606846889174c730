// The settings that every gateway needs, and what is said of bad ones.
import { parseSettings, SettingsError } from "../../src/platform/settings.ts";

export const KEY = { kty: "OKP", crv: "Ed25519", kid: "k1", x: "P".repeat(43), d: "S".repeat(43) };
export const ISSUER = {
  issuer: "https://login.example",
  audience: "edge-actions",
  algorithms: ["ES256"],
  jwks_uri: "https://login.example/jwks.json",
  operators: true,
};
export const REQUIRED = {
  JWT_ISSUERS: JSON.stringify([ISSUER]),
  SIGNING_KEYS: JSON.stringify({ keys: [KEY] }),
};

export function findProblems(vars: Record<string, unknown>): readonly string[] {
  try {
    parseSettings({ ...REQUIRED, ...vars });
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}
