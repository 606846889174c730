// Where `wrangler tail` listens: each connection is sent one event, and is then closed in good order.
import { createHash, randomUUID } from "node:crypto";
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { portOf } from "./environment.ts";

/** RFC 6455, 1.3. */
const KEY_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const TEXT = 0x81;
const CLOSE = 0x88;
const NORMAL_CLOSURE = 1000;

export class Tails {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    server.on("upgrade", answerTail);
  }

  /** As the API answers a request to listen. */
  open(): { id: string; url: string; expires_at: string } {
    const id = randomUUID();
    const url = `ws://127.0.0.1:${portOf(this.#server)}/tails/${id}`;
    return { id, url, expires_at: "2027-01-01T00:00:00Z" };
  }
}

function answerTail(request: IncomingMessage, socket: Duplex): void {
  const accept = createHash("sha1")
    .update(`${request.headers["sec-websocket-key"]}${KEY_SUFFIX}`)
    .digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: trace-v1\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  const line = JSON.stringify({ time: "2026-11-26T03:00:00Z", event: "run.abandoned" });
  const event = { outcome: "ok", scriptName: "edge-actions", exceptions: [], eventTimestamp: 0, event: null };
  const log = { message: [line], level: "log", timestamp: 0 };
  socket.on("error", () => undefined);
  // Once it has said what it wants.
  socket.once("data", () => {
    socket.write(frame(TEXT, Buffer.from(JSON.stringify({ ...event, logs: [log] }))));
    const code = Buffer.alloc(2);
    code.writeUInt16BE(NORMAL_CLOSURE);
    socket.end(frame(CLOSE, code));
  });
}

function frame(kind: number, payload: Buffer): Buffer {
  const short = [kind, payload.length];
  const long = [kind, 126, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from(payload.length < 126 ? short : long), payload]);
}
