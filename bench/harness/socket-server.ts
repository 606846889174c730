// An HTTP/1.1 server that is cheap enough to stand beside what is measured: no streams, no
// headers kept.
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { HEAD_END, messageEnd } from "./http-text.ts";

export type Answer = { status: number; body: string };
type Handler = (method: string, path: string, body: string) => Answer;

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
  /** As long as it must be before it is looked at: a body of megabytes comes in a hundred pieces. */
  let needed = 1;
  // One byte a character, so that lengths are those of the bytes.
  socket.setEncoding("latin1");
  socket.on("error", () => socket.destroy());
  socket.on("data", (text: string) => {
    pending += text;
    while (pending.length >= needed) {
      const end = messageEnd(pending);
      needed = end > pending.length ? end : 1;
      if (end === -1 || end > pending.length) return;
      socket.write(answer(pending.slice(0, end), handle));
      pending = pending.slice(end);
    }
  });
}

function answer(request: string, handle: Handler): string {
  const [method = "", path = ""] = request.slice(0, request.indexOf("\r\n")).split(" ");
  const { status, body } = handle(method, path, request.slice(request.indexOf(HEAD_END) + HEAD_END.length));
  return (
    `HTTP/1.1 ${status} ${REASONS[status] ?? "Status"}\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  );
}
