// Whether the gateway can do its work: each dependency by name, with its state, and nothing about where it is.
// It needs no token, so an isolate checks at most once in 30 seconds, and all requests meanwhile share that check. It runs
// under the first one's waitUntil, so that it goes on when that request hangs up.

import { readEpoch } from "../../gate/index-writer.ts";
import { network, send } from "../../platform/outbound/guard.ts";
import { readBody } from "../../platform/outbound/read-body.ts";
import type { Issuer, Settings } from "../../platform/settings.ts";
import { checkSigningKeys } from "../../platform/signing-keys.ts";
import { withTimeout } from "../../platform/timeout.ts";
import { evaluateFlag } from "../../rate-limit/flag.ts";
import { UNCACHED } from "../../upstream/client.ts";
import type { AppContext } from "../context.ts";

type State = "ok" | "failing";
type States = Record<string, State>;
type Probe = { startedAtMs: number; states: Promise<States> };

const REUSE_MS = 30_000;
const CHECK_TIMEOUT_MS = 3_000;
/** Longer than any probe takes: one that has not ended by then never will, because the runtime dropped its request. */
const PROBES_TIMEOUT_MS = 4_000;
const MAX_JWKS_BYTES = 256 * 1024;

/** Without it operators see less, and callers nothing of it. */
const OPERATORS_INDEX = "operators_index";

const recent = new WeakMap<object, Probe>();

export async function readyz(c: AppContext): Promise<Response> {
  const states = await recentStates(c);
  const ready = Object.entries(states).every(([name, state]) => state === "ok" || name === OPERATORS_INDEX);
  c.get("notes").outcome = ready ? "ready" : "not_ready";
  return c.json({ status: ready ? "ready" : "not_ready", dependencies: states }, ready ? 200 : 503);
}

export async function recentStates(c: AppContext): Promise<States> {
  const probe = joinOrStart(c);
  try {
    return await landed(probe);
  } catch {
    // Of all who waited for it, the first one starts the next.
    if (recent.get(c.env) === probe) recent.delete(c.env);
    return await landed(joinOrStart(c));
  }
}

function landed({ startedAtMs, states }: Probe): Promise<States> {
  return withTimeout(Math.max(0, startedAtMs + PROBES_TIMEOUT_MS - Date.now()), states);
}

function joinOrStart(c: AppContext): Probe {
  const nowMs = Date.now();
  const known = recent.get(c.env);
  if (known !== undefined && Math.abs(nowMs - known.startedAtMs) < REUSE_MS) return known;
  const probe = { startedAtMs: nowMs, states: check(c) };
  recent.set(c.env, probe);
  c.executionCtx.waitUntil(probe.states);
  return probe;
}

async function check(c: AppContext): Promise<States> {
  const { settings, upstream, gates, kv, operatorsDb, flags } = c.get("services");
  const { sender, baseUrl } = upstream;
  const checks: Record<string, () => Promise<unknown>> = {
    gate: () => gates.get(gates.idFromName("readyz")).ping(),
    kv: () => kv.get("readyz"),
    [OPERATORS_INDEX]: () => readEpoch(operatorsDb),
    flags: () => checkFlag(flags, settings),
    // Any answer at all says that a server is there.
    upstream: async () =>
      (await send(sender, `${baseUrl}/healthz`, UNCACHED, CHECK_TIMEOUT_MS)).body?.cancel(),
    signing_keys: () => checkSigningKeys(settings.signingKeys),
    issuer_keys: () => Promise.all(settings.issuers.map(checkIssuer)),
  };
  const states = await Promise.all(
    Object.entries(checks).map(async ([name, ask]) => [name, await checkState(ask)] as const),
  );
  return Object.fromEntries(states);
}

async function checkState(ask: () => Promise<unknown>): Promise<State> {
  const late = scheduler.wait(CHECK_TIMEOUT_MS).then(() => "failing" as const);
  try {
    return await Promise.race([ask().then(() => "ok" as const), late]);
  } catch {
    return "failing";
  }
}

/** `npm run deploy` has made the flag; on a developer's machine there need be none. */
async function checkFlag(flags: Flagship, { publicUrl, rateLimitFlagDefault }: Settings): Promise<void> {
  const value = await evaluateFlag(flags, rateLimitFlagDefault, {});
  if (value === null && publicUrl?.startsWith("https:") === true) throw new Error("the flag does not exist");
}

async function checkIssuer({ keys }: Issuer): Promise<void> {
  if (keys.kind === "inline") return;
  const response = await send(network, keys.url, {}, CHECK_TIMEOUT_MS);
  await readBody(response, MAX_JWKS_BYTES, CHECK_TIMEOUT_MS);
  if (response.status !== 200) throw new Error(`key set answered ${response.status}`);
}
