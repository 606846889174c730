// Callbacks for the tests of receivers: the stock libraries judge each as it says of itself, and the gateway's own code
// signs as they are signed.
import { Webhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { afterEach, expect, it, vi } from "vitest";
import { buildVectors } from "../../conformance/vectors.ts";
import { startV1 } from "../../src/callbacks/webhook-v1.ts";

const VECTORS = buildVectors();

afterEach(() => {
  vi.useRealTimers();
});

it.each(VECTORS)("$name: valid is $valid", ({ secrets, headers, body, now, valid, reason }) => {
  vi.useFakeTimers({ toFake: ["Date"], now: now * 1000 });
  const holds = (verify: (secret: string) => void) => secrets.some((secret) => isDone(() => verify(secret)));
  const bytes = Buffer.from(body);
  expect(holds((secret) => new Webhook(secret).verify(bytes, headers, { jsonParse: false }))).toBe(valid);
  expect(holds((secret) => new SvixWebhook(secret).verify(bytes, headers))).toBe(valid);
  expect(reason === null).toBe(valid);
});

it("an honest one is signed as the gateway signs", () => {
  const [{ secrets, headers, body } = expect.fail()] = VECTORS;
  const keys = secrets.map((secret) => Buffer.from(secret.replace("whsec_", ""), "base64"));
  const timestamp = Number(headers["webhook-timestamp"]);
  const signer = startV1(keys, { webhookId: headers["webhook-id"] ?? "", timestamp });
  signer.update(Buffer.from(body));
  expect(headers["webhook-signature"]).toBe(`${signer.end().signatures} v1a,bm9uZQ==`);
});

it("they are the same each time, with names of their own", () => {
  expect(buildVectors()).toEqual(VECTORS);
  expect(new Set(VECTORS.map(({ name }) => name)).size).toBe(VECTORS.length);
});

function isDone(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}
