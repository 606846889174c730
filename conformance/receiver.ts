// Where callbacks arrive: each clause opens a path of its own, and says how it answers there.
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { Breach } from "./clause.ts";
import { eventually } from "./expect.ts";

const CALLED_BACK_WITHIN_MS = 30_000;

export type Delivery = { method: string; headers: Headers; body: Buffer; atMs: number };

type Reply = { status: number; headers?: Record<string, string> };

/** `earlier`: how many came before this one. */
export type Answering = (earlier: number) => Reply;

/** Acknowledges a second attempt, so that the deployment is left with nothing to try. */
export function failingOnce(status: number, headers: Record<string, string> = {}): Answering {
  return (earlier) => (earlier === 0 ? { status, headers } : { status: 204 });
}

export class Endpoint {
  readonly url: string;
  readonly deliveries: Delivery[] = [];
  readonly answering: Answering;

  constructor(url: string, answering: Answering) {
    this.url = url;
    this.answering = answering;
  }

  /** The delivery of that number, the first being 1. */
  nth(number: number, withinMs = CALLED_BACK_WITHIN_MS): Promise<Delivery> {
    return eventually(withinMs, () => {
      const delivery = this.deliveries[number - 1];
      if (delivery === undefined) throw new Breach(`${this.deliveries.length} callbacks came, not ${number}`);
      return delivery;
    });
  }
}

export class Receiver {
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #server: Server;
  readonly #base: string;
  readonly #published = new Map<string, string>();

  private constructor(server: Server, base: string) {
    this.#server = server;
    this.#base = base;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      this.#receive(request, response).catch(() => response.destroy());
    });
  }

  /** Port 0 is any free one. `reachedAt`: the URL that leads here from the deployment, where it is not this machine's own. */
  static async listen(host: string, port: number, reachedAt?: string): Promise<Receiver> {
    const server = createServer();
    await once(server.listen(port, host), "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the receiver listens on no port");
    const base = reachedAt ?? `http://127.0.0.1:${address.port}`;
    return new Receiver(server, base.replace(/\/+$/, ""));
  }

  /** `folder`: what its path begins with. */
  open(answering: Answering = () => ({ status: 204 }), folder = "/"): Endpoint {
    const name = crypto.randomUUID();
    const endpoint = new Endpoint(`${this.#base}${folder}${name}`, answering);
    this.#endpoints.set(name, endpoint);
    return endpoint;
  }

  /** Where this is reached, without a trailing slash. */
  get base(): string {
    return this.#base;
  }

  /** Answers a GET of that path with this JSON. */
  publish(path: string, json: string): void {
    this.#published.set(path, json);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    const atMs = Date.now();
    const body = await buffer(request);
    const published = method === "GET" ? this.#published.get(url) : undefined;
    if (published !== undefined) {
      response.writeHead(200, { "content-type": "application/json" }).end(published);
      return;
    }
    // A proxy in front of this one may have put a path before the name.
    const endpoint = this.#endpoints.get(url.split("/").at(-1) ?? "");
    if (endpoint === undefined) {
      response.writeHead(404).end();
      return;
    }
    const headers = toHeaders(request);
    const reply = endpoint.answering(endpoint.deliveries.length);
    endpoint.deliveries.push({ method, headers, body, atMs });
    response.writeHead(reply.status, reply.headers).end();
  }
}

/** A request's, as fetch has them. */
export function toHeaders({ headers }: IncomingMessage): Headers {
  return new Headers(Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]));
}
