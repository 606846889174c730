// The other end of a callback_url: writes down what comes, to the byte, and answers as a test tells it to.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { toHeaders } from "../../../conformance/receiver.ts";
import { listening, portOf } from "./environment.ts";
import { secrets } from "./secrets.ts";

export type Delivery = {
  method: string;
  path: string;
  headers: Headers;
  body: Buffer;
  /** When its first bytes were here, on the clock of `performance.now()`. */
  atMs: number;
};

/** A status, or: nothing at all. */
export type Reply = number | "hang";

export class Receiver {
  readonly deliveries: Delivery[] = [];
  /** `earlier`: deliveries that came to the same path before this one. May wait before it answers. */
  reply: (delivery: Delivery, earlier: number) => Reply | Promise<Reply> = () => 204;
  readonly #server: Server = createServer((request, response) => {
    this.#receive(request, response).catch(() => response.destroy());
  });

  static async listen(reply?: Receiver["reply"]): Promise<Receiver> {
    const receiver = new Receiver();
    if (reply !== undefined) receiver.reply = reply;
    await listening(receiver.#server);
    return receiver;
  }

  url(path: string): string {
    return `http://127.0.0.1:${portOf(this.#server)}${path}`;
  }

  /** What has come to this path, oldest first. */
  at(path: string): Delivery[] {
    return this.deliveries.filter((delivery) => delivery.path === path);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const atMs = performance.now();
    const { method = "", url: path = "" } = request;
    const headers = toHeaders(request);
    const delivery = { method, path, headers, body: await buffer(request), atMs };
    secrets.add(delivery.body.toString());
    secrets.add(headers.get("webhook-signature") ?? "");
    secrets.addToken(headers.get("callback-signature") ?? "");
    const earlier = this.at(path).length;
    this.deliveries.push(delivery);
    const reply = await this.reply(delivery, earlier);
    if (reply === "hang") return;
    response.writeHead(reply).end();
  }
}
