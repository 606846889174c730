import { never, tapped } from "./bindings.ts";
import { until } from "./gate.ts";
import { buildStart, makeGateway, RUN_PATH } from "./gateway.ts";
import { HOOK, PAYING, type Stage, type Started } from "./stage.ts";

/** It never hears from the gate, and tells no queue when it has waited for long: on a slow machine, in another test's time. */
const dyingAtSettle = (env: Env) =>
  tapped(env, ({ name, perform }) => (/^(USER_GATE\.settle|RUNS\.)/.test(name) ? never() : perform()));

/** A run of the upstream's whose Worker died before it heard the answer to its start. */
export async function startUnheard(stage: Stage, sub = "alice"): Promise<Started> {
  const { issuer, upstream, env } = stage.gateway;
  const vars = { SIGNING_KEYS: String(Reflect.get(env, "SIGNING_KEYS")) };
  const victim = await makeGateway(vars, dyingAtSettle, { issuer, upstream });
  const known = new Set(upstream.runs.values());
  victim.begin(RUN_PATH, buildStart({ callback_url: HOOK }, { claims: { ...PAYING, sub } }));
  await until(() => upstream.runs.size > known.size);
  const runId = [...upstream.runs.values()].find((id) => !known.has(id)) ?? "";
  return { runId, ...stage.lastRef() };
}
