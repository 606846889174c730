// An upstream that does nothing by itself: a test says when it answers a start, when a run ends, and when it says so.
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { completionToken } from "../../../scripts/dev-keys.ts";
import { LocalServer } from "./local-server.ts";
import { secrets } from "./secrets.ts";

export type UpstreamRun = {
  id: string;
  idempotencyId: string;
  /** The caller's own id; null for a start without one. */
  callersId: string | null;
  /** Where the gateway wants to hear of its end. */
  completionUrl: string;
  /** How often it was asked for. */
  starts: number;
  /** What a read gives; null while it runs. */
  ended: string | null;
  /** The inputs that it was started with. */
  inputs: unknown;
};

/** A status, or: nothing at all; a connection that breaks. */
export type UpstreamFault = number | "hang" | "reset";

export type UpstreamRequest = {
  method: string;
  /** Null for a start. */
  runId: string | null;
  body: string;
};

export class Upstream extends LocalServer {
  /** By their ids. */
  readonly runs = new Map<string, UpstreamRun>();
  /** What meets a request in place of an answer, before anything is started; null: nothing does. */
  fault: (request: UpstreamRequest) => UpstreamFault | null = () => null;
  /** May wait: the start is answered afterwards. */
  beforeAnswer: (run: UpstreamRun) => Promise<void> | void = () => undefined;
  /** Whether it believes this token; it answers 401 when it does not. */
  believes: (token: string) => Promise<boolean> | boolean = () => true;
  /** Answers a read of such a run in its place; false: it does not. */
  answerRead: (run: UpstreamRun, response: ServerResponse) => boolean = () => false;
  /** Called when the answer to a start has left. */
  answered: (run: UpstreamRun) => void = () => undefined;

  constructor() {
    super((request, response) => this.#handle(request, response));
  }

  /** The run with this id. */
  run(id: string): UpstreamRun {
    const run = this.runs.get(id);
    if (run === undefined) throw new Error(`the upstream knows no run ${id}`);
    return run;
  }

  end(run: UpstreamRun, status: "success" | "error" = "success"): void {
    const errors =
      status === "error" ? `[{"code":"partner","title":"Partner","detail":"It said no."}]` : "[]";
    // Digits and blanks that would not survive a parse and a print.
    run.ended = `{"type":"run", "id":"${run.id}","status":"${status}","results":[{"n":12345678901234567890,"x":1.10,"é":"\\u00fc"}],"next_page":null,"errors":${errors}}`;
  }

  /** Says that it has ended, and proves itself; the status that the gateway answered with. */
  async push(run: UpstreamRun): Promise<number> {
    const authorization = `Bearer ${await completionToken()}`;
    const answer = await fetch(run.completionUrl, {
      method: "POST",
      headers: { "content-type": "application/json", authorization },
      body: run.ended ?? "{}",
    });
    await answer.arrayBuffer();
    return answer.status;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const json = (status: number, body: string) =>
      response.writeHead(status, { "content-type": "application/json" }).end(body);
    const { method = "", url = "" } = request;
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    secrets.addToken(token);
    const runId = method === "POST" ? null : (/[^/?]+(?=\?|$)/.exec(url)?.[0] ?? "");
    const body = await text(request);
    const fault = this.fault({ method, runId, body });
    if (fault === "hang") return;
    if (fault === "reset") return void response.destroy();
    if (fault !== null) return void json(fault, '{"errors":[]}');
    if (!(await this.believes(token))) return void json(401, '{"errors":[]}');
    if (runId === null) {
      const run = this.#started(request, body);
      await this.beforeAnswer(run);
      response.once("finish", () => this.answered(run));
      return void json(202, JSON.stringify({ data: { type: "run", id: run.id } }));
    }
    const run = this.runs.get(runId);
    if (run === undefined) return void json(404, '{"errors":[]}');
    if (this.answerRead(run, response)) return;
    const waiting = { type: "run", id: run.id, status: "waiting", results: [], next_page: null, errors: [] };
    json(run.ended === null ? 202 : 200, run.ended ?? JSON.stringify(waiting));
  }

  // One run an id, for all callers: all users' ids stand together.
  #started({ headers }: IncomingMessage, body: string): UpstreamRun {
    const { data }: { data: { idempotency_id: string; callback_url?: string; inputs?: unknown } } =
      JSON.parse(body);
    const { idempotency_id: idempotencyId, callback_url: completionUrl = "", inputs } = data;
    secrets.add(completionUrl.split("/").at(-1) ?? "");
    const known = [...this.runs.values()].find((run) => run.idempotencyId === idempotencyId);
    const callersId = headers["x-idempotency-id"]?.toString() ?? null;
    const created = {
      id: randomUUID(),
      idempotencyId,
      callersId,
      completionUrl,
      starts: 0,
      ended: null,
      inputs,
    };
    const run = known ?? created;
    this.runs.set(run.id, run);
    run.starts += 1;
    return run;
  }
}
