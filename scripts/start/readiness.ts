// What the gateway's /readyz says, and what a person who waits for it is told.
import type { Settings } from "../../src/platform/settings.ts";

export type Readiness =
  /** Nothing answers yet. */
  | { kind: "silent" }
  | { kind: "ready" }
  | { kind: "not_ready"; failing: readonly string[] }
  | { kind: "misconfigured" };

/** Most waits are shorter, and need no explanation. */
const NOT_READY_FOR_MS = 3_000;
const SILENT_FOR_MS = 60_000;

export function parseReadiness(status: number, body: string): Readiness {
  if (status === 200) return { kind: "ready" };
  if (status === 503) {
    const states = parseDependencies(body);
    const failing = Object.keys(states).filter((name) => states[name] !== "ok");
    // On a developer's machine there is no flag, and the gateway works without it.
    return failing.join() === "flags" ? { kind: "ready" } : { kind: "not_ready", failing };
  }
  return status === 500 ? { kind: "misconfigured" } : { kind: "silent" };
}

/** Says what is waited for, once it has been so for a while, and again when that changes. */
export class WaitReport {
  readonly #origin: string;
  readonly #settings: Settings;
  #state: Readiness["kind"] = "silent";
  #sinceMs: number;
  #said = "";

  constructor(origin: string, settings: Settings, nowMs: number) {
    this.#origin = origin;
    this.#settings = settings;
    this.#sinceMs = nowMs;
  }

  observe(readiness: Readiness, nowMs: number): string | null {
    if (readiness.kind !== this.#state) this.#sinceMs = nowMs;
    this.#state = readiness.kind;
    const patienceMs = readiness.kind === "silent" ? SILENT_FOR_MS : NOT_READY_FOR_MS;
    const sentence = this.#describe(readiness);
    if (nowMs - this.#sinceMs < patienceMs || sentence === this.#said) return null;
    this.#said = sentence;
    return sentence;
  }

  #describe(readiness: Readiness): string {
    if (readiness.kind !== "not_ready")
      return `Waiting for the gateway (${this.#origin}/readyz): it does not answer.`;
    return readiness.failing.map((name) => `Waiting for ${describe(name, this.#settings)}`).join("\n");
  }
}

function describe(dependency: string, { upstreamUrl, issuers }: Settings): string {
  if (dependency === "upstream") return `the upstream (${upstreamUrl ?? "the sandbox"}): it does not answer.`;
  if (dependency === "issuer_keys") {
    const urls = issuers.flatMap(({ keys }) => (keys.kind === "url" ? [keys.url] : []));
    return `the keys of JWT_ISSUERS (${urls.join(", ")}): they cannot be read.`;
  }
  return `${dependency} (a part that wrangler runs): it fails.`;
}

function parseDependencies(body: string): Record<string, string> {
  try {
    const parsed: { dependencies?: Record<string, string> } = JSON.parse(body);
    return parsed.dependencies ?? {};
  } catch {
    return {};
  }
}
