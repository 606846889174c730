// What the defective upstreams of upstream-defects.ts do wrong where it takes more than one line.
import { setTimeout as sleep } from "node:timers/promises";
import { decodeJwt } from "jose";
import type { Answered, Defect, Exchange } from "../flows/support/defective-proxy.ts";

export function rewriteStart(answered: Answered, body: object): void {
  if (answered.status === 202 && answered.body.startsWith('{"data":{"type":"run","id"'))
    answered.body = JSON.stringify(body);
}

export function fail(answered: Answered, status: number): void {
  answered.status = status;
  answered.body = JSON.stringify({ errors: [{ code: "defect", title: "Defect", detail: "A defect." }] });
}

function idIn({ body }: Exchange): string | null {
  return /"idempotency_id":"([^"]+)"/.exec(body)?.[1] ?? null;
}

export function withId(exchange: Exchange, id: string): void {
  exchange.body = exchange.body.replace(/"idempotency_id":"[^"]+"/, `"idempotency_id":"${id}"`);
}

export function conflicting(): Defect {
  const known = new Set<string>();
  return {
    answer: (answered, exchange) => {
      const id = idIn(exchange);
      if (id === null) return;
      if (known.has(id)) fail(answered, 409);
      if (answered.status === 202) known.add(id);
    },
  };
}

export function racing(): Defect {
  const underWay = new Set<string>();
  const ids = new WeakMap<Exchange, string>();
  return {
    request: (exchange) => {
      const id = idIn(exchange);
      if (id === null) return;
      if (underWay.has(id)) withId(exchange, crypto.randomUUID());
      else ids.set(exchange, id);
      underWay.add(id);
    },
    answer: async (_, exchange) => {
      await sleep(50);
      underWay.delete(ids.get(exchange) ?? "");
    },
  };
}

export function forgetting(): Defect {
  const ids = new Map<string, string>();
  const forgotten = new Set<string>();
  return {
    request: (exchange) => {
      if (forgotten.has(idIn(exchange) ?? "")) withId(exchange, crypto.randomUUID());
    },
    answer: ({ body, status }, exchange) => {
      const run = /"id":"([^"]+)"/.exec(body)?.[1] ?? "";
      const id = idIn(exchange);
      if (id !== null) ids.set(run, id);
      else if (status === 200) forgotten.add(ids.get(run) ?? "");
    },
  };
}

export function byCallersId(): Defect {
  const bodies = new Map<string, string>();
  return {
    answer: (answered, { headers }) => {
      const id = headers.get("x-idempotency-id");
      if (id === null) return;
      answered.body = bodies.get(id) ?? answered.body;
      bodies.set(id, answered.body);
    },
  };
}

export function usingUp(): Defect {
  const used = new Set<string | null>();
  return {
    answer: (answered, exchange) => {
      const id = idIn(exchange);
      if (used.has(id)) fail(answered, 404);
      else if (answered.status === 404) used.add(id);
    },
  };
}

export function lagging(): Defect {
  const known = new Set<string>();
  return {
    answer: (answered, { method, path }) => {
      if (method === "GET" && !known.has(path)) fail(answered, 404);
      known.add(path);
    },
  };
}

export function timing(): Defect {
  let reads = 0;
  return {
    answer: (answered) => {
      reads += 1;
      answered.body = answered.body.replace('"next_page":null', `"next_page":null,"reads":${reads}`);
    },
  };
}

type Said = { token: string; isExpired: boolean; audience: string | null };

/** Such tokens pass for the first one that this user has sent, which is a good one. */
export function believing(isBelieved: (said: Said) => boolean): Defect {
  let good = "";
  return {
    request: ({ headers }) => {
      const token = (headers.get("authorization") ?? "").replace("Bearer ", "");
      if (good === "") good = token;
      else if (isBelieved(parseSaid(token)) && isOfOneUser(token, good))
        headers.set("authorization", `Bearer ${good}`);
    },
  };
}

function parseSaid(token: string): Said {
  if (token === "") return { token, isExpired: false, audience: null };
  const { exp = 0, aud } = decodeJwt(token);
  return { token, isExpired: exp < Date.now() / 1000, audience: String(aud) };
}

function isOfOneUser(token: string, good: string): boolean {
  return token === "" || decodeJwt(token).sub === decodeJwt(good).sub;
}

/** A run is read as the user who has started one last. */
export function showingAll(): Defect {
  let starters = "";
  return {
    request: ({ method, headers }) => {
      if (method === "POST") starters = headers.get("authorization") ?? "";
      else if (starters !== "") headers.set("authorization", starters);
    },
  };
}
