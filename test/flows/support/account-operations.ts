// What operators ask of the account by hand: to listen, to switch the flag, to go back, to take everything away.
import type { Answer, FakeAccount, Flag, Handler } from "./account.ts";

const WORKER = "/workers/scripts/([^/]+)";
const APP = "/flagship/apps/([^/]+)";
const GONE: Answer = { result: {} };

export function operations(account: FakeAccount, query: URLSearchParams): Record<string, Handler> {
  return {
    "POST /analytics_engine/sql": (_, { body }) => ({ result: { meta: [], data: [], rows: 0, asked: body } }),
    "POST /graphql": () => ({ result: {} }),
    [`POST ${WORKER}/tails`]: () => ({ result: account.tails.open() }),
    [`DELETE ${WORKER}/tails/([^/]+)`]: () => GONE,
    [`GET ${WORKER}/versions`]: ([name]) => ({ result: { items: findVersions(account, name) } }),
    [`GET ${WORKER}/references`]: () => ({ result: {} }),
    "GET /workers/tails/by-consumer/([^/]+)": () => ({ result: [] }),
    "DELETE /workers/services/([^/]+)": ([name = ""]) => {
      account.workers.delete(name);
      return GONE;
    },
    [`PUT ${APP}/flags/([^/]+)`]: ([id, key], { body }) => {
      const flag: Flag = JSON.parse(body);
      const flags = account.apps.find((app) => app.id === id)?.flags ?? [];
      flags.splice(
        flags.findIndex((each) => each.key === key),
        1,
        flag,
      );
      return { result: flag };
    },
    [`GET ${APP}/evaluate`]: ([id]) => {
      const flags = account.apps.find((app) => app.id === id)?.flags ?? [];
      return { result: evaluated(flags, query) };
    },
  };
}

function findVersions({ workers }: FakeAccount, name = ""): object[] {
  return (workers.get(name)?.versions ?? []).map(({ id, number, annotations }) => ({
    id,
    number,
    annotations,
    metadata: { created_on: "2026-11-01T00:00:00Z", author_email: "", source: "wrangler" },
  }));
}

/** By rules that name the value of an attribute; there is no share of users here. */
function evaluated(flags: readonly Flag[], query: URLSearchParams): object {
  const flag = flags.find(({ key }) => key === query.get("flagKey"));
  if (flag === undefined) return { reason: "ERROR", errorCode: "FLAG_NOT_FOUND" };
  const rule = flag.rules?.find(({ conditions, rollout }) =>
    rollout === undefined
      ? conditions.every(({ attribute, value }) => query.get(attribute) === value)
      : false,
  );
  const variant = rule?.serve_variation ?? flag.default_variation;
  const reason = rule === undefined ? "DEFAULT" : "TARGETING_MATCH";
  return { flagKey: flag.key, value: flag.variations[variant], variant, reason };
}
