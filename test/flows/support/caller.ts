// One user of the gateway, over plain HTTP. Every answer that a test gets through here is checked against the contract.
import { randomUUID } from "node:crypto";
import { devToken } from "../../../scripts/dev-token.ts";
import { type Circumstances, expectContract } from "../../support/contract.ts";
import { secrets } from "./secrets.ts";

/** The sandbox's actions (the design) by the end of their ids: `actionId("0001")` echoes. */
export function actionId(end: string): string {
  return `00000000-0000-4000-8000-00000000${end}`;
}

export const ECHO = actionId("0001");

export type Answer = { status: number; headers: Headers; text: string };

export type Call = {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  circumstances?: Circumstances;
};

/** A run as the sandbox lists it. `starts`: how often one was asked for under its idempotency id. */
export type ListedRun = {
  id: string;
  idempotency_id: string;
  callers_idempotency_id: string | null;
  starts: number;
  callback_url: string | null;
};

/** What the sandbox received last. */
export type Arrival = { method: string; path: string; headers: Record<string, string>; body: string };

export class Caller {
  readonly origin: string;
  readonly token: string;

  constructor(origin: string, token: string) {
    this.origin = origin;
    this.token = token;
    secrets.addToken(token);
  }

  /** A user whom the gateway has never seen, unless `sub` says who. */
  static async of(origin: string, sub = `user-${randomUUID()}`, claims: Record<string, unknown> = {}) {
    return new Caller(origin, await devToken({ sub, scope: "external", expiresSeconds: 600, claims }));
  }

  async call(
    path: string,
    { method = "GET", headers = {}, body, circumstances }: Call = {},
  ): Promise<Answer> {
    secrets.addQuery(`${this.origin}${path}`);
    secrets.addBody(body ?? "");
    const response = await fetch(`${this.origin}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const answer = { status: response.status, headers: response.headers, text };
    expectContract({ method, path }, { ...answer, bodyText: text }, circumstances);
    return answer;
  }

  /** Sends JSON as it stands. */
  send(method: string, path: string, body: string, circumstances?: Circumstances): Promise<Answer> {
    const headers = { "content-type": "application/json" };
    return this.call(path, { method, headers, body, ...(circumstances && { circumstances }) });
  }

  /** Starts a run of a stored action. */
  start(action: string, data: object, circumstances?: Circumstances): Promise<Answer> {
    const path = `/actions/v1/stored-actions/${action}/run`;
    return this.send("POST", path, JSON.stringify({ data }), circumstances);
  }

  read(action: string, runId: string, query = ""): Promise<Answer> {
    return this.call(`/actions/v1/stored-actions/${action}/runs/${runId}${query}`);
  }

  /** Every run of an action that the sandbox has for this user. */
  async listRuns(action: string): Promise<ListedRun[]> {
    const { text } = await this.call(`/actions/v1/stored-actions/${action}/runs`);
    const { data }: { data: ListedRun[] } = JSON.parse(text);
    return data;
  }

  async lastArrival(): Promise<Arrival> {
    const { text } = await this.call("/actions/v1/sandbox/last-request");
    const { data }: { data: Arrival } = JSON.parse(text);
    return data;
  }
}

/** The run that a start was answered with. */
export function toRunId({ status, text }: Answer): string {
  if (status !== 202) throw new Error(`no run was started: ${status} ${text.slice(0, 500)}`);
  const { data }: { data: { id: string } } = JSON.parse(text);
  return data.id;
}

/** The envelope's errors, request ids left out. */
export function parseErrors({ text }: Answer): object[] {
  const { errors }: { errors: { meta: unknown }[] } = JSON.parse(text);
  return errors.map(({ meta: _meta, ...error }) => error);
}

/** Makes `count` requests at the same moment. */
export function atOnce<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => make(index)));
}
