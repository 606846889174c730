// What the tables here have in common. An attack must be refused without a trace (nothing asked of the upstream, no id
// claimed), and its honest twin, by the same user and under the same id, must be served: a gateway that refuses
// everything is no proof.
import { expect, it } from "vitest";
import { type Answer, buildStart, type Gateway, makeGateway, RUN_PATH } from "../support/gateway.ts";

type Source = { pointer: string } | { parameter: string } | { header: string } | null;

type Counts = { refused: number; served: number };

export type Post = { body: BodyInit | undefined; headers: Record<string, string> };

type Attack = {
  path?: string;
  post: Post;
  status: 400 | 413;
  source: Source;
  /** Served where the attack was refused; an ordinary start when it is not given. */
  twin?: Post;
};

export const JSON_TYPE = { "content-type": "application/json" };

/** The last test of a file: what it has seen. The numbers are written out, so that a table which was not read shows. */
export function itAddsUp(counts: Counts, expected: Counts): void {
  it(`${expected.refused} attacks refused, ${expected.served} honest twins served`, () => {
    expect(counts).toEqual(expected);
  });
}

/** A user whom no other test has seen. */
export function newUser(): { sub: string } {
  return { sub: `user-${crypto.randomUUID()}` };
}

export function toText(id: string): string {
  return `{"data":{"inputs":{"message":"hello"},"page":"0","idempotency_id":"${id}"}}`;
}

export function post(body: BodyInit | undefined, headers: Record<string, string> = JSON_TYPE): Post {
  return { body, headers };
}

/** One user who tries everything at one gateway. */
export class Attacker {
  readonly claims = { ...newUser(), rate_limit: { exempt: false, limit_override: 1000 } };
  readonly #gateway: Gateway;
  readonly #counts: Counts;
  /** How long the last refusal took. */
  tookMs = 0;
  #remaining = 1000;

  constructor(gateway: Gateway, counts: Counts) {
    this.#gateway = gateway;
    this.#counts = counts;
  }

  /**
   * One row about a start: the attack counts, starts nothing and claims nothing; then its twin runs under the same id.
   */
  async tryStart(attackUnder: (id: string) => Attack): Promise<void> {
    const id = crypto.randomUUID();
    const attack = attackUnder(id);
    const { path = RUN_PATH, status, source, twin = post(toText(id)) } = attack;
    const { upstream } = this.#gateway;
    const askedBefore = upstream.asked.length;

    const startedAtMs = Date.now();
    const refused = await this.#gateway.call(path, { ...toCall(attack.post), claims: this.claims });
    this.tookMs = Date.now() - startedAtMs;
    this.#expectCounted(refused);
    expectProblem(refused, status, source);
    expect(upstream.asked).toHaveLength(askedBefore);
    this.#counts.refused += 1;

    const served = await this.#gateway.call(RUN_PATH, { ...toCall(twin), claims: this.claims });
    this.#expectCounted(served);
    expect(served.status).toBe(202);
    expect(served.headers.get("idempotency-replayed")).toBeNull();
    expect(upstream.asked).toHaveLength(askedBefore + 1);
    expect(upstream.runUnder(id)).toBe(served.body.data.id);
    this.#counts.served += 1;
  }

  #expectCounted(answer: Answer): void {
    const before = this.#remaining;
    const after = readRemaining(answer);
    if (!Number.isNaN(after)) this.#remaining = after;
    expect(after).toBe(before - 1);
  }
}

/** A gateway of a file's own, who attacks it, and what that came to. */
export async function besiege() {
  const counts = { refused: 0, served: 0 };
  const gateway = await makeGateway();
  const attacker = new Attacker(gateway, counts);
  const refuse = (attackUnder: (id: string) => Attack) => attacker.tryStart(attackUnder);
  return { counts, gateway, attacker, refuse };
}

/** The published envelope, and in it the member at fault. */
export function expectProblem(answer: Answer, status: number, source: Source): void {
  expect([answer.status, answer.body?.errors?.[0]?.code]).toEqual([status, CODES[status]]);
  expect(answer.body.errors).toHaveLength(1);
  expect(answer.body.errors[0].source).toEqual(source);
}

const CODES: Record<number, string> = {
  400: "bad_request",
  401: "unauthenticated",
  403: "permission_denied",
  404: "not_found",
  413: "payload_too_large",
  500: "external_service_error",
  503: "service_unavaiable",
};

/** What is left of the window; NaN when the answer says nothing about one. */
export function readRemaining({ headers }: Answer): number {
  return Number(headers.get("x-ratelimit-remaining") ?? Number.NaN);
}

/** The window of a user, as one more honest start finds it. */
export async function remainingAfterStart(
  gateway: Gateway,
  claims: Record<string, unknown>,
): Promise<number> {
  const answer = await gateway.call(RUN_PATH, buildStart({}, { claims }));
  expect(answer.status).toBe(202);
  return readRemaining(answer);
}

export function toCall({ body, headers }: Post) {
  return { method: "POST", headers, ...(body === undefined ? {} : { body }) };
}

export function toBytes(...parts: (string | number[])[]): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  return new Uint8Array(
    parts.flatMap((part) => [...(typeof part === "string" ? encoder.encode(part) : part)]),
  );
}
