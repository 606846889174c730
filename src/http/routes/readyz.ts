// Whether the gateway can do its work: each dependency by name, with its state, and nothing about where it is.
// Anybody may ask, so an isolate looks at most once in five seconds.
import { pingLedger } from "../../ledger/repository.ts";
import { network, readBody, send } from "../../outbound/guard.ts";
import type { Issuer } from "../../settings.ts";
import type { AppContext } from "../context.ts";

type State = "ok" | "failing";
type Readiness = { checkedAtMs: number; states: Record<string, State> };

const REUSE_MS = 5_000;
const CHECK_TIMEOUT_MS = 3_000;
const MAX_JWKS_BYTES = 256 * 1024;

const recent = new WeakMap<object, Readiness>();

export async function readyz(c: AppContext): Promise<Response> {
  const nowMs = Date.now();
  const known = recent.get(c.env);
  const fresh =
    known !== undefined && Math.abs(nowMs - known.checkedAtMs) < REUSE_MS ? known : await check(c, nowMs);
  recent.set(c.env, fresh);
  const ready = Object.values(fresh.states).every((state) => state === "ok");
  c.get("notes").outcome = ready ? "ready" : "not_ready";
  return c.json({ status: ready ? "ready" : "not_ready", dependencies: fresh.states }, ready ? 200 : 503);
}

async function check(c: AppContext, checkedAtMs: number): Promise<Readiness> {
  const { sender, baseUrl } = c.get("upstream");
  const checks: Record<string, () => Promise<unknown>> = {
    gate: () => c.env.USER_GATE.get(c.env.USER_GATE.idFromName("readyz")).ping(),
    kv: () => c.env.KV.get("readyz"),
    ledger: () => pingLedger(c.env.LEDGER),
    flags: () => c.env.FLAGS.getBooleanValue("edge_actions_api_rate_limiting_global", false),
    // Any answer at all says that somebody is there.
    upstream: async () => (await send(sender, `${baseUrl}/healthz`, {}, CHECK_TIMEOUT_MS)).body?.cancel(),
    issuer_keys: () => Promise.all(c.get("settings").issuers.map(checkIssuer)),
  };
  const states = await Promise.all(
    Object.entries(checks).map(async ([name, ask]) => [name, await stateOf(ask)] as const),
  );
  return { checkedAtMs, states: Object.fromEntries(states) };
}

async function stateOf(ask: () => Promise<unknown>): Promise<State> {
  const late = scheduler.wait(CHECK_TIMEOUT_MS).then(() => "failing" as const);
  try {
    return await Promise.race([ask().then(() => "ok" as const), late]);
  } catch {
    return "failing";
  }
}

async function checkIssuer({ keys }: Issuer): Promise<void> {
  if (keys.kind === "inline") return;
  const response = await send(network, keys.url, {}, CHECK_TIMEOUT_MS);
  await readBody(response, MAX_JWKS_BYTES, CHECK_TIMEOUT_MS);
  if (response.status !== 200) throw new Error(`key set answered ${response.status}`);
}
