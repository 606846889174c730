// The upstream of every contender, a process of its own: answers a start with 202 and a new id, a read with a run that
// has ended, and says at once that a run has ended where it was given a callback_url. GET /counts says what it was asked.
import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { type Answer, listen } from "./socket-server.ts";

const PUSH_AGAIN_MS = 200;
const agent = new Agent({ keepAlive: true, maxSockets: 16 });
const counts = { starts: 0, reads: 0, pushes: 0, acknowledged: 0 };

const port = await listen(handle);
process.send?.({ port });

function handle(method: string, path: string, body: string): Answer {
  if (path === "/counts") return { status: 200, body: JSON.stringify(counts) };
  if (method === "POST") return start(body);
  counts.reads += 1;
  return { status: 200, body: endedRun(path.slice(path.lastIndexOf("/") + 1)) };
}

function start(body: string): Answer {
  counts.starts += 1;
  const id = randomUUID();
  const callback = /"callback_url":"([^"]+)"/.exec(body)?.[1];
  if (callback !== undefined) {
    counts.pushes += 1;
    setImmediate(push, new URL(callback), endedRun(id));
  }
  return { status: 202, body: `{"data":{"type":"run","id":"${id}"}}` };
}

function push(url: URL, body: string): void {
  const headers = { "content-type": "application/json", "content-length": body.length };
  const again = () => setTimeout(push, PUSH_AGAIN_MS, url, body);
  request(url, { method: "POST", agent, headers }, (response) => {
    response.resume();
    if (response.statusCode === 202) counts.acknowledged += 1;
    else again();
  })
    .on("error", again)
    .end(body);
}

function endedRun(id: string): string {
  return `{"type":"run","id":"${id}","status":"success","results":[{"message":"Hello World!"}],"next_page":null,"errors":[]}`;
}
