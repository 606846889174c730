import { base64url } from "jose";
import { type FakeUpstream, json } from "../support/upstream.ts";

/**
 * An upstream as ours expects it to be: a run is read only by whom the gateway's token names. It keeps the idempotency
 * ids of all users together, so two users' ids that met would be one run.
 */
export function keepRunsApart(upstream: FakeUpstream): void {
  const runs = new Map<string, string>();
  const owned = new Set<string>();
  upstream.behave(({ method, path, headers, body }) => {
    const owner = ownerOf(headers);
    if (method === "POST") {
      const parsed: { data: { idempotency_id: string } } = JSON.parse(body);
      const id = runs.get(parsed.data.idempotency_id) ?? crypto.randomUUID();
      runs.set(parsed.data.idempotency_id, id);
      owned.add(JSON.stringify([owner, id]));
      return json(202, { data: { type: "run", id } });
    }
    const id = path.split("/").at(-1) ?? "";
    if (!owned.has(JSON.stringify([owner, id]))) return json(404, { errors: [NO_SUCH_RUN] });
    return json(200, { type: "run", id, status: "success", results: [], next_page: null, errors: [] });
  });
}

const NO_SUCH_RUN = {
  status: 404,
  code: "not_found",
  title: "Not Found",
  detail: "no such run",
  source: null,
  meta: {},
};

function ownerOf(headers: Headers): unknown {
  const payload = headers.get("authorization")?.split(".")[1] ?? "";
  const claims: { sub_id: unknown } = JSON.parse(new TextDecoder().decode(base64url.decode(payload)));
  return claims.sub_id;
}
