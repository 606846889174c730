// Callers as they should be: one with an idempotency id asks again under it until it gets a yes or a no; one without
// asks again only where the gateway cannot have heard it, and takes any other silence for what it is.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { devToken } from "../../../scripts/dev-token.ts";
import { pauseMs } from "./patience.ts";
import { type PlannedRun, TRAITS, USERS } from "./plan.ts";
import type { Timeline } from "./timeline.ts";

/** The last that a caller heard. `silence`: neither a yes nor a no, or nothing yet. */
export type Word =
  | { kind: "accepted"; runId: string; body: string }
  | { kind: "refused"; status: number }
  | { kind: "silence" };

type Answer = { status: number; text: string; retryAfterMs: number; isReplayed: boolean };

/** `unheard`: the gateway did not listen, so nothing can have begun. */
type Asked = { kind: "answer"; answer: Answer } | { kind: "cut off" | "unheard" };

export const ACTION = "00000000-0000-4000-8000-000000000001";
const PATH = `/actions/v1/stored-actions/${ACTION}/run`;
const PATIENCE_MS = 40_000;
const MAX_ATTEMPTS = 5;
const TOKEN_SECONDS = 3600;

export class ChaosCallers {
  readonly #words = new Map<number, Word>();
  readonly #bodies = new Map<number, string>();
  readonly #origin: string;
  readonly #timeline: Timeline;
  readonly #urlFor: (run: PlannedRun) => string;
  readonly #tokens = new Map<string, Promise<string>>();
  #isOver = false;

  constructor(origin: string, timeline: Timeline, urlFor: (run: PlannedRun) => string) {
    this.#origin = origin;
    this.#timeline = timeline;
    this.#urlFor = urlFor;
  }

  wordOn(number: number): Word {
    return this.#words.get(number) ?? { kind: "silence" };
  }

  /** Until there is a last word. */
  async start(run: PlannedRun): Promise<void> {
    const { hasId } = TRAITS[run.kind];
    for (let attempts = 0; ; attempts++) {
      const asked = await this.#ask(run);
      const word = toWord(asked);
      this.#words.set(run.number, word);
      const mayAgain = asked.kind === "unheard" || (hasId && word.kind === "silence");
      if (!mayAgain || this.#isOver) return;
      await sleep(Math.max(pauseMs(attempts), asked.kind === "answer" ? asked.answer.retryAfterMs : 0));
    }
  }

  /** What an accepted run's caller gets who asks once more under its id; null when that is its first answer again. */
  async differenceOnReplay(run: PlannedRun): Promise<string | null> {
    const word = this.wordOn(run.number);
    const asked = await untilHeard(() => this.#ask(run));
    if (word.kind !== "accepted" || asked.kind !== "answer") return `asked once more: ${asked.kind}`;
    const { status, text, isReplayed } = asked.answer;
    return status === 202 && text === word.body && isReplayed ? null : `asked once more: ${status} ${text}`;
  }

  /** Reads as one of the users, once all is well again. */
  buildReader(user: number): { call(path: string): Promise<{ status: number; text: string }> } {
    return {
      call: async (path) => {
        const headers = await this.#headers(user, false);
        const asked = await untilHeard(() => this.#fetch(path, { headers }));
        if (asked.kind !== "answer") throw new Error(`${path} was not answered`);
        return asked.answer;
      },
    };
  }

  close(): void {
    this.#isOver = true;
  }

  async #ask(run: PlannedRun): Promise<Asked> {
    const headers = await this.#headers(run.user, TRAITS[run.kind].isBillable);
    const asked = await this.#fetch(PATH, { method: "POST", headers, body: this.#buildBody(run) });
    const said = asked.kind === "answer" ? `${asked.answer.status} ${asked.answer.text}` : asked.kind;
    this.#timeline.note(`its caller asks: ${said.slice(0, 200)}`, run.number);
    return asked;
  }

  async #fetch(path: string, request: RequestInit): Promise<Asked> {
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const response = await fetch(`${this.#origin}${path}`, { ...request, signal });
      const { status, headers } = response;
      const retryAfterMs = Number(headers.get("retry-after") ?? 0) * 1000;
      const isReplayed = headers.get("idempotency-replayed") === "true";
      return { kind: "answer", answer: { status, text: await response.text(), retryAfterMs, isReplayed } };
    } catch (error) {
      return { kind: isUnheard(error) ? "unheard" : "cut off" };
    }
  }

  /** The same text for every try. */
  #buildBody(run: PlannedRun): string {
    const { hasId, hasCallback } = TRAITS[run.kind];
    const data = {
      inputs: { run: run.number },
      ...(hasId ? { idempotency_id: randomUUID() } : {}),
      ...(hasCallback ? { callback_url: this.#urlFor(run) } : {}),
    };
    const body = this.#bodies.get(run.number) ?? JSON.stringify({ data });
    this.#bodies.set(run.number, body);
    return body;
  }

  async #headers(user: number, isBillable: boolean): Promise<Record<string, string>> {
    const name = `${user} ${isBillable}`;
    const known = this.#tokens.get(name) ?? makeToken(user, isBillable);
    this.#tokens.set(name, known);
    return { authorization: `Bearer ${await known}`, "content-type": "application/json" };
  }
}

export const ALL_USERS = Array.from({ length: USERS }, (_, user) => user);

function makeToken(user: number, isBillable: boolean): Promise<string> {
  const claims = { billing: JSON.stringify({ is_billable: isBillable }) };
  return devToken({ sub: `chaos-${user}`, scope: "external", expiresSeconds: TOKEN_SECONDS, claims });
}

/** For what may be asked again without harm: a few times, until there is an answer that is no 5xx. */
async function untilHeard(ask: () => Promise<Asked>): Promise<Asked> {
  for (let attempts = 0; ; attempts++) {
    const asked = await ask();
    const isHeard = asked.kind === "answer" && asked.answer.status < 500;
    if (isHeard || attempts === MAX_ATTEMPTS) return asked;
    await sleep(pauseMs(attempts));
  }
}

function toWord(asked: Asked): Word {
  if (asked.kind !== "answer") return { kind: "silence" };
  const { status, text: body } = asked.answer;
  if (status >= 500) return { kind: "silence" };
  if (status !== 202) return { kind: "refused", status };
  const { data }: { data: { id: string } } = JSON.parse(body);
  return { kind: "accepted", runId: data.id, body };
}

function isUnheard(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null;
  return typeof cause === "object" && cause !== null && "code" in cause && cause.code === "ECONNREFUSED";
}
