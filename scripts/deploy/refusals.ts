// What the platform refuses with a bare code, and what to do then. Where it can, the command finds out before it makes
// anything; the platform itself refuses only the upload, which comes last.
import { Failure } from "../failure.ts";
import { MAX_VARIABLE_BYTES } from "./settings.ts";
import { WranglerFailed } from "./wrangler.ts";

export const SWITCH_ON_ANALYTICS =
  "Analytics Engine is off in this account, and the platform refuses every Worker with its binding METRICS (code 10089). " +
  "Switch it on once, in the dashboard under Storage & databases, Analytics Engine " +
  "(https://dash.cloudflare.com/?to=/:account/workers/analytics-engine), wait two minutes, and run this again";

const ADVICE: Readonly<Record<string, string>> = {
  10_054: `a variable or secret is larger than ${MAX_VARIABLE_BYTES} bytes (code 10054): shorten it`,
  10_089: SWITCH_ON_ANALYTICS,
};

/** The same error, with what to do about it where that is known. */
export function explainRefusal(error: unknown): unknown {
  if (!(error instanceof WranglerFailed)) return error;
  const [, code = ""] = /\[code: (\d+)\]/.exec(error.output) ?? [];
  const advice = ADVICE[code];
  return advice === undefined ? error : new Failure(`${error.message}\n\n${advice}`, { cause: error });
}
