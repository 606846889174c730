// A callback as the stock libraries of npm verify it: they know what a receiver knows, the secret, the headers and the bytes.
import { Webhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import type { Caller } from "./caller.ts";
import type { Delivery } from "./receiver.ts";
import { secrets } from "./secrets.ts";

export type CallbackSecrets = { secret: string; also_valid: string[] };

export async function readSecrets(caller: Caller): Promise<CallbackSecrets> {
  const { status, text } = await caller.call("/callbacks/secret");
  if (status !== 200) throw new Error(`no secret: ${status} ${text}`);
  const { data }: { data: CallbackSecrets } = JSON.parse(text);
  for (const secret of [data.secret, ...data.also_valid]) secrets.add(secret.replace("whsec_", ""));
  return data;
}

/** What each of the libraries says: "verified", or why it refuses. */
export function verifyByLibraries(
  secret: string,
  { headers, body }: Pick<Delivery, "headers" | "body">,
): Record<"standardwebhooks" | "svix", string> {
  const found = Object.fromEntries(headers);
  return {
    standardwebhooks: judge(() => new Webhook(secret).verify(body, found)),
    svix: judge(() => new SvixWebhook(secret).verify(body, found)),
  };
}

function judge(verify: () => unknown): string {
  try {
    verify();
    return "verified";
  } catch (error) {
    return String(error);
  }
}
