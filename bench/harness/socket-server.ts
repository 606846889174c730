// An HTTP/1.1 server that is cheap enough to stand beside what is measured: one parse by hand, no streams, no headers
// kept. It understands what the contenders and the load send, and nothing else.
import { once } from "node:events";
import { createServer, type Socket } from "node:net";

export type Answer = { status: number; body: string };
type Handler = (method: string, path: string, body: string) => Answer;

const HEAD_END = "\r\n\r\n";
const CHUNKS_END = "0\r\n\r\n";
const REASONS: Record<number, string> = { 200: "OK", 202: "Accepted", 404: "Not Found" };

/** Listens on a free port of this machine and says which one it is. */
export async function listen(handle: Handler): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => serve(socket, handle));
  await once(server.listen(0, "127.0.0.1", 4096), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens on no port");
  return address.port;
}

function serve(socket: Socket, handle: Handler): void {
  let pending = "";
  // One byte a character, so that lengths are those of the bytes.
  socket.setEncoding("latin1");
  socket.on("error", () => socket.destroy());
  socket.on("data", (text: string) => {
    pending += text;
    for (;;) {
      const end = requestEnd(pending);
      if (end === -1) return;
      socket.write(answer(pending.slice(0, end), handle));
      pending = pending.slice(end);
    }
  });
}

/** Where the first request ends; -1 while it is not all there. */
function requestEnd(text: string): number {
  const headEnd = text.indexOf(HEAD_END);
  if (headEnd === -1) return -1;
  const bodyStart = headEnd + HEAD_END.length;
  const head = text.slice(0, headEnd);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) {
    const end = bodyStart + Number(length);
    return text.length < end ? -1 : end;
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return bodyStart;
  const last = text.indexOf(CHUNKS_END, bodyStart);
  return last === -1 ? -1 : last + CHUNKS_END.length;
}

function answer(request: string, handle: Handler): string {
  const [method = "", path = ""] = request.slice(0, request.indexOf("\r\n")).split(" ");
  const { status, body } = handle(method, path, request.slice(request.indexOf(HEAD_END) + HEAD_END.length));
  return (
    `HTTP/1.1 ${status} ${REASONS[status] ?? "Status"}\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  );
}
