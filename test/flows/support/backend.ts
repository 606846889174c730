// The other party on the network: a backend that can be honest, broken in several ways, or not there at all.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

const DRIP_MS = 1000;

export class Backend {
  /** By the idempotency ids that they were started under. */
  readonly #runs = new Map<string, string>();
  /** The same runs by their callers' own ids. */
  readonly #runsOfCallers = new Map<unknown, string>();
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  readonly port: number;

  constructor(port: number) {
    this.port = port;
  }

  /** The run of a caller's own id. */
  runUnder(callersId: string): string | undefined {
    return this.#runsOfCallers.get(callersId);
  }

  /** Starts runs, one an id, and knows no more than that. */
  honest(): Promise<void> {
    return this.#listen(createServer((request, response) => void this.#start(request, response)));
  }

  /** Answers every request with just this. */
  answering(status: number, headers: Record<string, string>, body: string): Promise<void> {
    return this.#listen(createServer((_request, response) => response.writeHead(status, headers).end(body)));
  }

  /** Does as it likes with each connection. */
  raw(treat: (socket: Socket) => void): Promise<void> {
    return this.#listen(createTcpServer(treat));
  }

  /** Hands everything on to this port. */
  through(port: number): Promise<void> {
    return this.raw((socket) => {
      const onward = connect(port, "127.0.0.1");
      onward.on("error", () => socket.destroy());
      socket.on("close", () => onward.destroy());
      socket.pipe(onward).pipe(socket);
    });
  }

  /** Answers every request with these two, of the second one byte a second. */
  dripping(atOnce: string, slowly: string): Promise<void> {
    return this.raw((socket) => {
      socket.once("data", () => void drip(socket, atOnce, slowly));
    });
  }

  /** Nothing listens on its port. */
  async closed(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const gone = once(server, "close");
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await gone;
  }

  async #listen(server: Server): Promise<void> {
    await this.closed();
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      // A caller that gives up resets the connection.
      socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
    });
    await once(server.listen(this.port, "127.0.0.1"), "listening");
    this.#server = server;
  }

  async #start(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { data }: { data: { idempotency_id: string } } = JSON.parse(await text(request));
    const id = this.#runs.get(data.idempotency_id) ?? crypto.randomUUID();
    this.#runs.set(data.idempotency_id, id);
    this.#runsOfCallers.set(request.headers["x-idempotency-id"], id);
    response.writeHead(202, { "content-type": "application/json" });
    response.end(JSON.stringify({ data: { type: "run", id } }));
  }
}

async function drip(socket: Socket, atOnce: string, slowly: string): Promise<void> {
  socket.write(atOnce);
  for (const byte of slowly) {
    await sleep(DRIP_MS);
    if (socket.destroyed) return;
    socket.write(byte);
  }
}
