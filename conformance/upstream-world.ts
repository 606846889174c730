// What the clauses about an upstream are asked with: two users, each asking as the gateway asks. Whatever was not given
// throws a Skip that names the option to give.
import { randomBytes } from "node:crypto";
import { Skip } from "./clause.ts";
import { type Answer, type Call, Http } from "./http.ts";
import type { Endpoint, Receiver } from "./receiver.ts";
import type { Identity, TokenFault, UserName } from "./upstream-identity.ts";
import type { UpstreamOptions } from "./upstream-options.ts";

export const ONE_OFF_PATH = "/actions/v1/runs";

export class UpstreamCaller {
  readonly #http: Http;
  readonly #sign: () => Promise<string>;

  constructor(http: Http, sign: () => Promise<string>) {
    this.#http = http;
    this.#sign = sign;
  }

  /** With the headers that the gateway sends on every request. */
  async call(path: string, { headers = {}, ...call }: Call = {}): Promise<Answer> {
    return this.#http.call(path, {
      ...call,
      headers: {
        "accept-encoding": "gzip, br",
        authorization: `Bearer ${await this.#sign()}`,
        "x-request-id": crypto.randomUUID(),
        traceparent: `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-01`,
        ...headers,
      },
    });
  }

  /** Starts a run of a stored action. Every start of the gateway has an idempotency id. */
  start(action: string, data: object, callersId?: string): Promise<Answer> {
    return this.startAt(`/actions/v1/stored-actions/${action}/run`, data, callersId);
  }

  startAt(path: string, data: object, callersId?: string): Promise<Answer> {
    const headers = {
      "content-type": "application/json",
      ...(callersId === undefined ? {} : { "x-idempotency-id": callersId }),
    };
    const body = JSON.stringify({ data: { idempotency_id: crypto.randomUUID(), ...data } });
    return this.call(path, { method: "POST", headers, body });
  }

  read(action: string, runId: string): Promise<Answer> {
    return this.call(`/actions/v1/stored-actions/${action}/runs/${runId}`);
  }
}

export class UpstreamWorld {
  readonly http: Http;
  readonly options: UpstreamOptions;
  readonly #identity: Identity;
  readonly #receiver: Receiver | null;

  constructor(options: UpstreamOptions, identity: Identity, receiver: Receiver | null) {
    this.http = new Http(options.url);
    this.options = options;
    this.#identity = identity;
    this.#receiver = receiver;
  }

  get user(): UpstreamCaller {
    return new UpstreamCaller(this.http, () => this.token("user"));
  }

  get otherUser(): UpstreamCaller {
    if (this.#identity.kind === "given" && this.#identity.otherToken === null)
      throw new Skip("needs --other-token");
    return new UpstreamCaller(this.http, () => this.token("other-user"));
  }

  /** With a token of another kind. */
  with(token: string): UpstreamCaller {
    return new UpstreamCaller(this.http, async () => token);
  }

  /** The stored action that ends in success at once. */
  get action(): string {
    return this.options.action;
  }

  async token(user: UserName): Promise<string> {
    if (this.#identity.kind === "signed") return this.#identity.sign(user);
    const { token, otherToken } = this.#identity;
    return user === "user" ? token : (otherToken ?? "");
  }

  async faultyToken(fault: TokenFault): Promise<string> {
    if (this.#identity.kind === "signed") return this.#identity.sign("user", fault);
    throw new Skip("signs a token: needs --signing-keys, or --receive without --token");
  }

  /** What that option was given. */
  given(option: "slow-action" | "failing-action" | "upstream-token" | "completion-token"): string {
    const value = this.options.given[option];
    if (value === undefined) throw new Skip(`needs --${option}`);
    return value;
  }

  /** The stored action whose start is answered with that status. */
  refusing(status: number): string {
    const action = this.options.refusing[status];
    if (action === undefined) throw new Skip(`needs --refusing ${status}=ID`);
    return action;
  }

  oneOffData(): object {
    if (this.options.oneOffData === null) throw new Skip("needs --one-off-data");
    return this.options.oneOffData;
  }

  /** A completion URL; it answers as the gateway does, after that many refusals. */
  openCompletions(refusals = 0): Endpoint {
    if (this.#receiver === null) throw new Skip("needs --receive");
    return this.#receiver.open((earlier) => ({ status: earlier < refusals ? 503 : 202 }), "/completions/");
  }
}
