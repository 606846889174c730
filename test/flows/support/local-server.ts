// A server of a test's own on this machine, at a free port.
import { createServer, type RequestListener } from "node:http";
import { listening, portOf } from "./environment.ts";

export class LocalServer {
  readonly server;

  constructor(handle: (...args: Parameters<RequestListener>) => unknown) {
    const answer = async (...args: Parameters<RequestListener>) => handle(...args);
    this.server = createServer((request, response) => {
      answer(request, response).catch(() => response.destroy());
    });
  }

  static async listen<S extends LocalServer, A extends unknown[]>(
    this: new (
      ...args: A
    ) => S,
    ...args: A
  ): Promise<S> {
    const one = new this(...args);
    await listening(one.server);
    return one;
  }

  get port(): number {
    return portOf(this.server);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  close(): void {
    this.server.close().closeAllConnections();
  }
}
