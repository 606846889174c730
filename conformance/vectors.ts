// Callbacks with `v1` for the test of a receiver in any language: its secrets, what comes, when, and whether it is to be
// believed. Made when they are asked for, so that no file has a secret in it; always the same ones.
import { createHash, createHmac } from "node:crypto";

export type CallbackVector = {
  name: string;
  /** What the receiver has: one of them has to have signed. */
  secrets: readonly string[];
  headers: Readonly<Record<string, string>>;
  /** UTF-8. */
  body: string;
  /** The receiver's clock, in Unix seconds. */
  now: number;
  valid: boolean;
  /** Null if it is valid. */
  reason: string | null;
};

const SENT_AT = 1_795_478_400;
const ID = "run_2f1c7d1e-52a6-4d0f-9f0e-0a3d7f3b8c55";
const BODY =
  '{"type":"run","id":"2f1c7d1e-52a6-4d0f-9f0e-0a3d7f3b8c55","status":"success", "results":[{"n":12345678901234567890,"é":"💶"}],"next_page":null,"errors":[]}';
const [OWN, OLD, OTHER] = [toSecret("own"), toSecret("old"), toSecret("another user's")];

export function buildVectors(): CallbackVector[] {
  const honest = buildHeaders([OWN]);
  const { "webhook-signature": signatures = "" } = honest;
  const [v1 = ""] = signatures.split(" ");
  const bom = `\ufeff${BODY}`;
  return [
    valid("signed with the secret", {}),
    valid("signed with the secret and with a newer one", { headers: buildHeaders([OTHER, OWN]) }),
    valid("the receiver has two secrets, and the second one signed", { secrets: [OLD, OWN] }),
    valid("a byte-order mark in front", { headers: buildHeaders([OWN], bom), body: bom }),
    valid("without v1a, as over 1 MiB", { headers: { ...honest, "webhook-signature": v1 } }),
    valid("5 minutes old", { now: SENT_AT + 300 }),
    valid("5 minutes early", { now: SENT_AT - 300 }),
    refused("too old", "more than 5 minutes old", { now: SENT_AT + 301 }),
    refused("too early", "more than 5 minutes early", { now: SENT_AT - 301 }),
    ...[
      ["one byte of the body was changed", `${BODY.slice(0, -2)} }`],
      ["the same JSON was printed anew", JSON.stringify(JSON.parse(BODY))],
      ["the body is gone", ""],
    ].map(([name = "", body = ""]) => refused(name, "the signature is of another body", { body })),
    refused("another user's run", "the secret is another one", { headers: buildHeaders([OTHER]) }),
    refused("a secret that was removed", "the secret is another one", { secrets: [OLD] }),
    ...[
      { "webhook-id": "run_00000000-0000-4000-8000-000000000000" },
      { "webhook-timestamp": String(SENT_AT - 1) },
    ].map((change) => {
      const [header = ""] = Object.keys(change);
      const reason = `the signature is of another ${header}`;
      return refused(`${header} was changed`, reason, { headers: { ...honest, ...change } });
    }),
    ...Object.entries({
      "v1a alone": "v1a,bm9uZQ==",
      "v1 under the name of v1a": v1.replace("v1,", "v1a,"),
      "v1 is cut off": v1.slice(0, -8),
      "v1 is empty": "v1,",
    }).map(([name, list]) =>
      refused(name, "there is no v1 that holds", { headers: { ...honest, "webhook-signature": list } }),
    ),
    ...Object.keys(honest).map((header) =>
      refused(`no ${header}`, `there is no ${header}`, { headers: without(honest, header) }),
    ),
  ];
}

type Parts = Partial<Pick<CallbackVector, "secrets" | "headers" | "body" | "now">>;

function valid(name: string, parts: Parts): CallbackVector {
  return { name, ...fill(parts), valid: true, reason: null };
}

function refused(name: string, reason: string, parts: Parts): CallbackVector {
  return { name, ...fill(parts), valid: false, reason };
}

function fill(parts: Parts): Required<Parts> {
  return { secrets: [OWN], headers: buildHeaders([OWN]), body: BODY, now: SENT_AT + 2, ...parts };
}

function buildHeaders(secrets: readonly string[], body = BODY): Record<string, string> {
  const signatures = secrets.map((secret) => {
    const mac = createHmac("sha256", Buffer.from(secret.replace("whsec_", ""), "base64"));
    return `v1,${mac.update(`${ID}.${SENT_AT}.${body}`).digest("base64")}`;
  });
  return {
    "webhook-id": ID,
    "webhook-timestamp": String(SENT_AT),
    "webhook-signature": [...signatures, "v1a,bm9uZQ=="].join(" "),
  };
}

function without(headers: Record<string, string>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([other]) => other !== name));
}

/** Of no gateway and no user. */
function toSecret(name: string): string {
  return `whsec_${createHash("sha256").update(`edge-actions callback vectors, ${name}`).digest("base64")}`;
}
