// What the sandbox sends out: completions ("this run has ended") and the POSTs of the action "post".
// It calls whatever URL it is given. That is right for a sandbox on a developer's machine; do not deploy it next to private hosts.

export type PartnerAnswer = { kind: "posted"; result: string } | { kind: "unreachable"; detail: string };

const RETRY_DELAYS_MS = [1000, 2000, 4000, 8000, 16_000];
const COMPLETION_TIMEOUT_MS = 10_000;
const PARTNER_TIMEOUT_MS = 20_000;
const MAX_PARTNER_CHARACTERS = 1_000_000;
/** Longer than either call may take: work that is still due then was cut off. */
export const OUTGOING_LEASE_MS = 30_000;

/** null: give up. */
export function nextAttemptAtMs(failedAttempts: number, nowMs: number): number | null {
  const delayMs = RETRY_DELAYS_MS[failedAttempts - 1];
  return delayMs === undefined ? null : nowMs + delayMs;
}

/** Whether the receiver took it. `token` says whose completion it is; null: the sandbox tells no receiver. */
export async function sendCompletion(
  url: string,
  body: string | ReadableStream<Uint8Array>,
  token: string | null,
): Promise<boolean> {
  const proof: Record<string, string> = token === null ? {} : { Authorization: `Bearer ${token}` };
  try {
    const response = await post(url, body, "application/json", COMPLETION_TIMEOUT_MS, proof);
    await response.body?.cancel();
    return response.ok;
  } catch {
    // Whatever stops a fetch (no route, reset, time-out) means the same here: not taken, so it is tried again.
    return false;
  }
}

/** `bodyJson`: a JSON string is sent as its text, anything else as the JSON it is. */
export async function postToPartner(url: string, bodyJson: string): Promise<PartnerAnswer> {
  try {
    const response = await (bodyJson.startsWith('"')
      ? post(url, String(JSON.parse(bodyJson)), "text/plain; charset=utf-8", PARTNER_TIMEOUT_MS)
      : post(url, bodyJson, "application/json", PARTNER_TIMEOUT_MS));
    const body = (await response.text()).slice(0, MAX_PARTNER_CHARACTERS);
    return { kind: "posted", result: JSON.stringify({ status: response.status, body }) };
  } catch {
    return { kind: "unreachable", detail: "The partner could not be reached." };
  }
}

function post(
  url: string,
  body: BodyInit,
  contentType: string,
  timeoutMs: number,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "Content-Type": contentType, ...headers },
    body,
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
  });
}
