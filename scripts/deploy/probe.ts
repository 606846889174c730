// Checks that what was deployed does its work. A new version takes seconds until it answers everywhere, a new custom
// domain minutes until it has its certificate.
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { parseJson } from "../../src/platform/json.ts";
import { Failure } from "../failure.ts";

const RETRY_MS = 2000;
const ANSWER_MS = 10_000;

const WHAT_TO_CHECK: Record<string, string> = {
  gate: "the Durable Objects: `wrangler tail`, and the platform's status page",
  kv: "the KV namespace: has it been deleted since?",
  operators_index: "the D1 database: has it been deleted since? are its migrations applied?",
  flags: "the Flagship app: has it been deleted since? RATE_LIMIT_FLAG_DEFAULT holds meanwhile",
  upstream: "UPSTREAM_URL (or the service binding UPSTREAM): does it answer anything at all?",
  signing_keys: "SIGNING_KEYS: x of each key must be the public half of its d",
  issuer_keys: "JWT_ISSUERS: does each jwks_uri answer 200?",
};

const DEPENDENCIES = Object.keys(WHAT_TO_CHECK);
const readiness = z.object({
  status: z.enum(["ready", "not_ready"]),
  dependencies: z
    .record(z.string(), z.string())
    .refine((states) => DEPENDENCIES.every((name) => name in states)),
});
/** The title, and where it is served: the PUBLIC_URL of the gateway that answers. */
const contract = z.object({
  info: z.object({ title: z.literal("Actions API") }),
  servers: z.tuple([z.object({ url: z.string() })]),
});
const publicKey = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.string(),
  kid: z.string(),
});
const keySet = z.object({ keys: z.array(publicKey).min(1) });

/** How long a probe may go on, and by which clock. */
export type Patience = { waitSeconds: number; clock: Clock };

/** A test has one of its own, so that it need not wait. */
export type Clock = { nowMs: () => number; wait: (ms: number) => Promise<unknown> };

export const SYSTEM_CLOCK: Clock = { nowMs: Date.now, wait: sleep };

type Answer = { status: number; text: string };
type Observed = Answer | { error: string };

/** Of a body, as much as tells a person whose it is. */
const SHOWN_CHARACTERS = 120;

/** Waits until `/readyz` says ready, and is that of the gateway at `publicUrl`. Throws Failure, with what to look at. */
export async function untilReady(
  origin: string,
  publicUrl: string,
  patience: Patience,
  tail: string,
): Promise<void> {
  const readyz = `${origin}/readyz`;
  const seen = await eventually(readyz, patience, ({ status, text }) => {
    return status === 200 && parseAs(readiness, text)?.status === "ready";
  });
  if (seen !== null) throw new Failure(`${readyz} ${explain(seen, tail)}`);
  // A host that leads to another environment's gateway has one that is ready, too.
  const openapi = `${origin}/openapi.json`;
  const said = await eventually(openapi, patience, ({ status, text }) => {
    return status === 200 && parseAs(contract, text)?.servers[0].url === publicUrl;
  });
  if (said === null) return;
  const url = "error" in said ? undefined : parseAs(contract, said.text)?.servers[0].url;
  const what = url === undefined ? `is not the gateway's (${show(said)})` : `is that of ${url}`;
  throw new Failure(`${openapi} ${what}, and PUBLIC_URL is ${publicUrl}. Is the host routed to this Worker?`);
}

/** Waits until the published keys are there, among them `kid` where one is known. Their `kid`s. */
export async function untilPublished(
  origin: string,
  patience: Patience,
  kid: string | null,
): Promise<readonly string[]> {
  const url = `${origin}/.well-known/jwks.json`;
  let kids: readonly string[] = [];
  const seen = await eventually(url, patience, ({ status, text }) => {
    kids = parseAs(keySet, text)?.keys.map((key) => key.kid) ?? [];
    return status === 200 && kids.length > 0 && (kid === null || kids.includes(kid));
  });
  if (seen === null) return kids;
  const wanted = kid === null ? "the gateway's keys" : `the key ${kid}, which was just set`;
  throw new Failure(`${url} does not publish ${wanted} (${show(seen)})`);
}

/** Null once it is as it should be; the last answer when the time is over. */
async function eventually(
  url: string,
  { waitSeconds, clock }: Patience,
  isGood: (answer: Answer) => boolean,
): Promise<Observed | null> {
  const endsAt = clock.nowMs() + waitSeconds * 1000;
  for (;;) {
    const seen = await ask(url);
    if (!("error" in seen) && isGood(seen)) return null;
    if (clock.nowMs() + RETRY_MS > endsAt) return seen;
    await clock.wait(RETRY_MS);
  }
}

async function ask(url: string): Promise<Observed> {
  try {
    const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(ANSWER_MS) });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { error: cause instanceof Error ? cause.message : String(cause) };
  }
}

function explain(seen: Observed, tail: string): string {
  if ("error" in seen) {
    return `does not answer (${seen.error}). Is the host routed to this Worker? docs/deploying.md, "A host name of your own"`;
  }
  const said = parseAs(readiness, seen.text);
  if (said === null && seen.status === 500)
    return `answers 500: \`${tail}\` shows why, a bad setting as settings.invalid`;
  if (said === null)
    return `does not answer as the gateway does (${show(seen)}). Is the host routed to this Worker?`;
  const failing = Object.entries(said.dependencies).filter(([, state]) => state !== "ok");
  const hints = failing.map(([name]) => `\n  ${name}: ${WHAT_TO_CHECK[name] ?? `\`${tail}\``}`);
  return `answers ${seen.status}. Look at${hints.join("")}`;
}

function show(seen: Observed): string {
  if ("error" in seen) return seen.error;
  return `${seen.status}, ${JSON.stringify(seen.text.slice(0, SHOWN_CHARACTERS))}`;
}

function parseAs<T>(shape: z.ZodType<T>, text: string): T | null {
  return shape.safeParse(parseJson(text)).data ?? null;
}
