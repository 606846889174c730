// A deployment that does not keep the contract: an honest gateway behind a proxy with one defect.
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { sent } from "../../../conformance/http.ts";
import { toHeaders } from "../../../conformance/receiver.ts";
import { LocalServer } from "./local-server.ts";

export type Exchange = { method: string; path: string; headers: Headers; body: string; isChunked: boolean };
export type Answered = { status: number; headers: Headers; body: string };

/** What is wrong with it; each part may change what it gets, in place. */
export type Defect = {
  request?: (exchange: Exchange) => void;
  answer?: (answered: Answered, exchange: Exchange) => void | Promise<void>;
};

const HOP_BY_HOP = ["connection", "host", "content-length", "transfer-encoding", "keep-alive"];
const OF_THE_ENCODING = [
  "content-encoding",
  "content-length",
  "transfer-encoding",
  "connection",
  "keep-alive",
];

export class DefectiveProxy extends LocalServer {
  readonly #target: string;
  readonly #defect: Defect;

  constructor(target: string, defect: Defect) {
    super((request, response) => this.#pass(request, response));
    this.#target = target;
    this.#defect = defect;
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = {
      method: request.method ?? "GET",
      path: request.url ?? "/",
      headers: endToEnd(toHeaders(request)),
      body: (await buffer(request)).toString(),
      isChunked: request.headers["transfer-encoding"] === "chunked",
    };
    this.#defect.request?.(exchange);
    const answered = await this.#ask(exchange);
    await this.#defect.answer?.(answered, exchange);
    response.writeHead(answered.status, Object.fromEntries(answered.headers));
    response.end(answered.body);
  }

  async #ask({ method, path, headers, body, isChunked }: Exchange): Promise<Answered> {
    const withBody = method === "GET" || method === "HEAD" ? {} : sent(body, isChunked);
    const response = await fetch(`${this.#target}${path}`, {
      method,
      headers,
      redirect: "manual",
      ...withBody,
    });
    const answered = { status: response.status, headers: new Headers(response.headers) };
    for (const name of OF_THE_ENCODING) answered.headers.delete(name);
    return { ...answered, body: await response.text() };
  }
}

function endToEnd(headers: Headers): Headers {
  for (const name of HOP_BY_HOP) headers.delete(name);
  return headers;
}
