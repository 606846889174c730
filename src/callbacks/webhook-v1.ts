// `v1` of Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.body`, in pieces, so that the body need not be in memory.
// The time stands before the body: a signature is of the moment at which it was begun, however long the body takes.
import { createHmac } from "node:crypto";

export type WebhookHead = {
  webhookId: string;
  /** Unix seconds. */
  timestamp: number;
};

/** What is in `webhook-signature` of a body that was read as a stream. */
export type StreamedV1 = Omit<WebhookHead, "webhookId"> & { signatures: string };

export type V1Signer = {
  update: (bytes: Uint8Array) => void;
  /** Once. */
  end: () => StreamedV1;
};

/** The same for every attempt of a run: the receiver's key against duplicates. */
export function buildWebhookId(runId: string): string {
  return `run_${runId.replace(/[^\w-]/g, "_")}`;
}

/** Signs with each secret: a receiver needs one of them. */
export function startV1(secrets: readonly Uint8Array[], { webhookId, timestamp }: WebhookHead): V1Signer {
  const macs = secrets.map((secret) => createHmac("sha256", secret));
  const update = (bytes: Uint8Array) => {
    for (const mac of macs) mac.update(bytes);
  };
  update(encodeHead({ webhookId, timestamp }));
  const end = () => ({ timestamp, signatures: macs.map((mac) => `v1,${mac.digest("base64")}`).join(" ") });
  return { update, end };
}

/** A dot in the id would let one signature stand for two messages. */
export function encodeHead({ webhookId, timestamp }: WebhookHead): Uint8Array {
  if (!/^[\w-]+$/.test(webhookId)) throw new Error("a webhook id has a character out of place");
  return new TextEncoder().encode(`${webhookId}.${timestamp}.`);
}
