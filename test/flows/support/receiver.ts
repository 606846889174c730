// The other end of a callback_url: writes down what comes, to the byte, and answers as a test tells it to.
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { toHeaders } from "../../../conformance/receiver.ts";
import { LocalServer } from "./local-server.ts";
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

export class Receiver extends LocalServer {
  readonly deliveries: Delivery[] = [];
  /** `earlier`: deliveries that came to the same path before this one. May wait before it answers. */
  reply: (delivery: Delivery, earlier: number) => Reply | Promise<Reply>;

  constructor(reply: Receiver["reply"] = () => 204) {
    super((request, response) => this.#receive(request, response));
    this.reply = reply;
  }

  urlAt(path: string): string {
    return `${this.url}${path}`;
  }

  /** What has come to this path, oldest first. */
  at(path: string): Delivery[] {
    return this.deliveries.filter((delivery) => delivery.path === path);
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const atMs = performance.now();
    const { method = "", url: path = "" } = request;
    const headers = toHeaders(request);
    const delivery = { method, path, headers, body: await buffer(request), atMs };
    secrets.add(delivery.body.toString());
    for (const signature of headers.get("webhook-signature")?.split(" ") ?? [])
      secrets.add(signature.replace(/^v1a?,/, ""));
    secrets.addToken(headers.get("callback-signature") ?? "");
    const earlier = this.at(path).length;
    this.deliveries.push(delivery);
    const reply = await this.reply(delivery, earlier);
    if (reply === "hang") return;
    response.writeHead(reply).end();
  }
}
