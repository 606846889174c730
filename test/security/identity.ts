// What the upstream learns of a request's origin: the gateway's own token, checked against the keys that it publishes.
import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from "jose";
import { type Gateway, ORIGIN } from "../support/gateway.ts";
import type { Asked } from "../support/upstream.ts";

type Identity = JWTPayload & { sub_id: { format: string; iss: string; sub: string } };

/** Throws unless the gateway itself said it. */
export async function readIdentity(gateway: Gateway, asked: Asked | undefined): Promise<Identity> {
  const published = await gateway.call("/.well-known/jwks.json", { claims: null });
  const keys: JSONWebKeySet = published.body;
  const token = /^Bearer (\S+)$/.exec(asked?.headers.get("authorization") ?? "")?.[1] ?? "";
  const { payload } = await jwtVerify<Identity>(token, createLocalJWKSet(keys), {
    issuer: ORIGIN,
    audience: "actions-upstream",
    algorithms: ["EdDSA"],
  });
  return payload;
}
