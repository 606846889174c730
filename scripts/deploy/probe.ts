// Checks that what was deployed does its work. A new version takes seconds until it answers everywhere, a new custom
// domain minutes until it has its certificate.
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { parseJson } from "../../src/platform/json.ts";
import { Failure } from "../failure.ts";

const RETRY_MS = 2000;
const ANSWER_MS = 10_000;

const WHAT_TO_LOOK_AT: Record<string, string> = {
  gate: "the Durable Objects: `wrangler tail`, and the platform's status page",
  kv: "the KV namespace: has it been deleted since?",
  operators_index: "the D1 database: has it been deleted since? are its migrations applied?",
  flags: "the Flagship app: has it been deleted since? RATE_LIMIT_FLAG_DEFAULT holds meanwhile",
  upstream: "UPSTREAM_URL (or the service binding UPSTREAM): does it answer anything at all?",
  signing_keys: "SIGNING_KEYS: x of each key must be the public half of its d",
  issuer_keys: "JWT_ISSUERS: does each jwks_uri answer 200?",
};

const readiness = z.object({ dependencies: z.record(z.string(), z.string()) });
const keySet = z.object({ keys: z.array(z.object({ kid: z.string() })).min(1) });

/** How long a probe may go on, and by which clock. */
export type Patience = { waitSeconds: number; clock: Clock };

/** A test has one of its own, so that it need not wait. */
export type Clock = { nowMs: () => number; wait: (ms: number) => Promise<unknown> };

export const SYSTEM_CLOCK: Clock = { nowMs: Date.now, wait: sleep };

type Seen = { status: number; body: unknown } | { error: string };

/** Waits until `/readyz` says ready. Throws Failure, with what to look at. */
export async function untilReady(origin: string, patience: Patience, tail: string): Promise<void> {
  const seen = await eventually(`${origin}/readyz`, patience, (answer) => answer.status === 200);
  if (seen !== null) throw new Failure(`${origin}/readyz ${explain(seen, tail)}`);
}

/** Waits until the published keys are there, among them `kid` where one is known. How many they are. */
export async function untilPublished(
  origin: string,
  patience: Patience,
  kid: string | null,
): Promise<number> {
  const url = `${origin}/.well-known/jwks.json`;
  let count = 0;
  const seen = await eventually(url, patience, ({ status, body }) => {
    const { data } = keySet.safeParse(body);
    count = data?.keys.length ?? 0;
    return (
      status === 200 && count > 0 && (kid === null || data?.keys.some((key) => key.kid === kid) === true)
    );
  });
  if (seen === null) return count;
  throw new Failure(
    `${url} does not publish the gateway's keys (${"error" in seen ? seen.error : seen.status})`,
  );
}

/** Null once it is as it should be; the last answer when the time is over. */
async function eventually(
  url: string,
  { waitSeconds, clock }: Patience,
  isGood: (answer: { status: number; body: unknown }) => boolean,
): Promise<Seen | null> {
  const endsAt = clock.nowMs() + waitSeconds * 1000;
  for (;;) {
    const seen = await ask(url);
    if (!("error" in seen) && isGood(seen)) return null;
    if (clock.nowMs() + RETRY_MS > endsAt) return seen;
    await clock.wait(RETRY_MS);
  }
}

async function ask(url: string): Promise<Seen> {
  try {
    const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(ANSWER_MS) });
    const text = await response.text();
    return { status: response.status, body: parseJson(text) };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { error: cause instanceof Error ? cause.message : String(cause) };
  }
}

function explain(seen: Seen, tail: string): string {
  if ("error" in seen) {
    return `does not answer (${seen.error}). Is the host routed to this Worker? docs/deploying.md, "A host name of your own"`;
  }
  const { success, data } = readiness.safeParse(seen.body);
  if (!success && seen.status === 500)
    return `answers 500: \`${tail}\` shows why, a bad setting as settings.invalid`;
  if (!success)
    return `answers ${seen.status}, and not as the gateway does. Is the host routed to this Worker?`;
  const failing = Object.entries(data.dependencies).filter(([, state]) => state !== "ok");
  const hints = failing.map(([name]) => `\n  ${name}: ${WHAT_TO_LOOK_AT[name] ?? `\`${tail}\``}`);
  return `answers ${seen.status}. Look at${hints.join("")}`;
}
