// What a deployed gateway finds around it, and one on this machine does not (docs/platform-assumptions.md): a fetch is
// answered by Cloudflare where a name does not resolve or a connection fails, an IP address in place of a name is
// refused, and Flagship's evaluations never throw. How a gateway gets there: platform-worker.ts.
import { createHash, randomUUID } from "node:crypto";
import { type IncomingMessage, request as onward, type ServerResponse } from "node:http";
import { isIP } from "node:net";
import { text } from "node:stream/consumers";
import { LocalServer } from "./local-server.ts";
import { FLAGSHIP } from "./platform-worker.ts";

/** Where a name leads. `losesAnswers`: the server gets each request, and the connection breaks before its answer. */
export type Origin = { port: number; losesAnswers?: boolean };

type Evaluation = [flagKey: string, defaultValue: boolean, context: { targetingKey?: string }];

const RETRY_AFTER_SECONDS = 120;

export class Platform extends LocalServer {
  /** Requests to IP addresses. */
  readonly refused: string[] = [];
  /** The percentage of users for whom the flag is on, or the code of the error of its evaluation. */
  flag: number | "GENERAL" = 100;
  readonly #origins = new Map<string, Origin>();
  readonly #asked: string[] = [];

  constructor() {
    super((request, response) => this.#serve(request, response));
  }

  /** null: the name does not resolve, as any other that leads nowhere. */
  lead(name: string, origin: Origin | null): void {
    if (origin === null) this.#origins.delete(name);
    else this.#origins.set(name, origin);
  }

  /** How often this name has been asked. */
  countCalls(method: string, name: string): number {
    return this.#asked.filter((asked) => asked === `${method} ${name}`).length;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { hostname } = new URL(`https://${request.headers.host}`);
    if (hostname === FLAGSHIP) return void response.end(this.#evaluate(JSON.parse(await text(request))));
    // https://developers.cloudflare.com/workers/platform/known-issues/#fetch-to-ip-addresses
    if (isIP(hostname.replace(/[[\]]/g, ""))) {
      this.refused.push(hostname);
      return answerItself(request, response, 403, 1003);
    }
    this.#asked.push(`${request.method} ${hostname}`);
    const origin = this.#origins.get(hostname);
    if (origin === undefined) answerItself(request, response, 530, 1016);
    else handOn(request, response, origin);
  }

  /** https://developers.cloudflare.com/flagship/reference/evaluation-reasons/ */
  #evaluate([flagKey, defaultValue, { targetingKey = randomUUID() }]: Evaluation): string {
    const { flag } = this;
    const failed = { flagKey, value: defaultValue, errorCode: flag, errorMessage: "network failure" };
    if (typeof flag === "string") return JSON.stringify(failed);
    const isOn = createHash("sha256").update(targetingKey).digest().readUInt32BE() % 100 < flag;
    const variation = { value: isOn, variant: isOn ? "on" : "off", reason: isOn ? "SPLIT" : "DEFAULT" };
    return JSON.stringify({ flagKey, ...variation });
  }
}

function handOn(request: IncomingMessage, response: ServerResponse, { port, losesAnswers }: Origin): void {
  const { method, url: path, headers } = request;
  const asking = onward({ host: "127.0.0.1", port, method, path, headers }, (answer) => {
    if (losesAnswers) return void asking.destroy(new Error("the connection broke"));
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
    answer.on("error", () => response.destroy());
  });
  asking.on("error", (error) => {
    const isRefused = "code" in error && error.code === "ECONNREFUSED";
    if (response.headersSent) response.destroy();
    else answerItself(request, response, isRefused ? 521 : 520);
  });
  request.on("error", () => asking.destroy()).pipe(asking);
}

/**
 * JSON for who accepts it, and `Retry-After` where Cloudflare calls the error retryable:
 * https://developers.cloudflare.com/changelog/post/2026-04-27-structured-responses-for-5xx-errors/
 */
function answerItself(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  code = status,
): void {
  const isJson = request.headers.accept?.includes("json") === true;
  response.statusCode = status;
  response.setHeader("cf-error-type", code);
  response.setHeader("content-type", isJson ? "application/json" : "text/plain; charset=UTF-8");
  if (status >= 520 && status <= 524) response.setHeader("retry-after", RETRY_AFTER_SECONDS);
  const problem = { title: `Error ${code}`, status, error_code: code, cloudflare_error: true };
  response.end(isJson ? JSON.stringify(problem) : `error code: ${code}`);
}
