// Does as it likes with each connection to its port, or is not there at all.
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

export class SocketServer {
  readonly port: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;

  constructor(port: number) {
    this.port = port;
  }

  /** null: nothing listens on its port. */
  async treat(each: ((socket: Socket) => unknown) | null): Promise<void> {
    await this.close();
    if (each === null) return;
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      // A caller that gives up resets the connection.
      socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
      void each(socket);
    });
    await once(server.listen(this.port, "127.0.0.1"), "listening");
    this.#server = server;
  }

  /** Hands everything on to this port. */
  through(port: number): Promise<void> {
    return this.treat((socket) => {
      const onward = connect(port, "127.0.0.1");
      onward.on("error", () => socket.destroy());
      socket.on("close", () => onward.destroy());
      socket.pipe(onward).pipe(socket);
    });
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const gone = once(server, "close");
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await gone;
  }
}
