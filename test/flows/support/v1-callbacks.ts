// Callbacks with `v1` as a gateway signs them, and as others forge them: with node:crypto and without a line of src/.
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { BODY, changed, type Delivery } from "./callback-forgeries.ts";

type Signing = { runId?: string; body?: string; ageSeconds?: number };

export function newSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

/** Signed with each of the secrets, and with something that is no `v1`. */
export function v1Callback(secrets: readonly string[], signing: Signing = {}): Delivery {
  const { runId = randomUUID(), body = BODY, ageSeconds = 0 } = signing;
  const id = `run_${runId}`;
  const sentAt = Math.floor(Date.now() / 1000) - ageSeconds;
  const signatures = secrets.map((secret) => v1(secret, id, sentAt, body));
  return {
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(sentAt),
      "webhook-signature": [...signatures, "v1a,bm9uZQ=="].join(" "),
    },
    body,
  };
}

function v1(secret: string, id: string, sentAt: number, body: string): string {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${sentAt}.`).update(body).digest("base64")}`;
}

export type V1Forgery = [what: string, make: (secret: string) => Delivery];

export const V1_FORGERIES: readonly V1Forgery[] = [
  ["one byte of the body was changed", withBody(`${BODY.slice(0, -2)} }`)],
  ["the same JSON was printed anew", withBody(JSON.stringify(JSON.parse(BODY)))],
  ["the body is gone", withBody("")],
  ["its run is another user's", () => v1Callback([newSecret()])],
  ["it is older than 5 minutes", (secret) => v1Callback([secret], { ageSeconds: 320 })],
  ["it is from the future", (secret) => v1Callback([secret], { ageSeconds: -320 })],
  ["its webhook-id was changed", withHeader("webhook-id", () => `run_${randomUUID()}`)],
  ["it has no webhook-id", withHeader("webhook-id", () => undefined)],
  [
    "its webhook-timestamp was changed",
    withHeader("webhook-timestamp", (timestamp) => String(Number(timestamp) - 1)),
  ],
  ["its webhook-timestamp is no number", withHeader("webhook-timestamp", () => "NaN")],
  ["it has no webhook-timestamp", withHeader("webhook-timestamp", () => undefined)],
  ["it has no webhook-signature", withHeader("webhook-signature", () => undefined)],
  ["it has v1a alone", withHeader("webhook-signature", (list) => list.replace(/^v1,\S+ /, ""))],
  ["its v1 is empty", withHeader("webhook-signature", () => "v1,")],
  ["its v1 is called v1a", withHeader("webhook-signature", (list) => list.replace("v1,", "v1a,"))],
  [
    "its id is told as svix-id, so that it looks like a new one",
    (secret) => {
      const honest = v1Callback([secret]);
      const id = honest.headers["webhook-id"];
      return changed(honest, { "svix-id": id, "webhook-id": `run_${randomUUID()}` });
    },
  ],
];

function withBody(body: string): V1Forgery[1] {
  return (secret) => ({ ...v1Callback([secret]), body });
}

function withHeader(name: string, change: (value: string) => string | undefined): V1Forgery[1] {
  return (secret) => {
    const honest = v1Callback([secret]);
    return changed(honest, { [name]: change(honest.headers[name] ?? "") });
  };
}
