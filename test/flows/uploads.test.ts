// What passes through arrives whole, or visibly broken, over real sockets on both sides: a truncated upload must not look
// like a whole one, and neither must a truncated answer.
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { actionId, Caller, ECHO } from "./support/caller.ts";
import { LocalServer } from "./support/local-server.ts";
import { forFile, gatewayWith } from "./support/opened.ts";
import { until } from "./support/process.ts";

const MB = 1_000_000;
const PIECE = "x".repeat(MB);
const CHUNK = `f4240\r\n${PIECE}\r\n`;
const CHUNKED = "transfer-encoding: chunked";
const RUN = '{"data":{"type":"run","id":"b1e7a1d0-0000-4000-8000-000000000001"}}';
const ENDED = `{"type":"run","id":"${ECHO}","status":"success","results":[],"next_page":null,"errors":[]}`;
const ZIPPED = actionId("ab01");
const KB = `{"data":{"inputs":"${"x".repeat(977)}"}} `;

type Upload = { path: string; bytes: number; isWhole: boolean; headers: IncomingMessage["headers"] };

const uploads: Upload[] = [];
const upstream = await forFile(
  LocalServer.listen((request, response) => {
    const one = { path: request.url ?? "", bytes: 0, headers: request.headers };
    request.on("data", (chunk: Buffer) => (one.bytes += chunk.byteLength));
    request.on("error", () => undefined);
    request.on("close", () => uploads.push({ ...one, isWhole: request.complete }));
    request.on("end", () => answer(one.path, response));
  }),
);
const gateway = await forFile(
  gatewayWith({ UPSTREAM_URL: upstream.url, MAX_BODY_BYTES: 3 * MB, UPSTREAM_TIMEOUT_MS: 1000 }),
);
const caller = await Caller.of(gateway.url);

describe("the upstream gets whole", () => {
  it.each([
    { name: "announced", length: "content-length: 2000000", body: [PIECE, PIECE] },
    { name: "chunked", length: CHUNKED, body: [CHUNK, CHUNK, "0\r\n\r\n"] },
  ])("what came whole: $name", async ({ name, length, body }) => {
    const path = `/actions/v1/whole/${name}`;
    expect(await answerTo(await upload(`PUT ${path}`, [length], body))).toMatch(/^HTTP\/1\.1 200/);
    expect(await uploadAt(path)).toMatchObject({ bytes: 2 * MB, isWhole: true });
  });

  it.each([
    { name: "7 bytes", sent: ["content-length: 7"], body: ["1234567"], length: "7", coding: undefined },
    { name: "0 bytes", sent: ["content-length: 0"], body: [], length: "0", coding: undefined },
    { name: "none", sent: [], body: [], length: "0", coding: undefined },
    { name: "chunks", sent: [CHUNKED], body: ["0\r\n\r\n"], length: undefined, coding: "chunked" },
  ])("a POST of $name, framed as it was", async ({ name, sent, body, length, coding }) => {
    const path = `/actions/v1/framed/${name.replace(" ", "-")}`;
    expect(await answerTo(await upload(`POST ${path}`, sent, body))).toMatch(/^HTTP\/1\.1 200/);
    const { headers, isWhole } = await uploadAt(path);
    expect(isWhole).toBe(true);
    expect([headers["content-length"], headers["transfer-encoding"]]).toEqual([length, coding]);
  });

  // The upstream's time begins when the body has been read.
  it.each([
    { name: "upload", line: "PUT /actions/v1/whole/slow", status: 200 },
    { name: "start", line: `POST /actions/v1/stored-actions/${ECHO}/run`, status: 202 },
  ])("$name: 4,000 bytes that take longer than the answer may", async ({ line, status }) => {
    const body = [KB, " ".repeat(1000), " ".repeat(1000), " ".repeat(1000)];
    const socket = await upload(line, ["content-length: 4000", "content-type: application/json"], []);
    const answered = answerTo(socket);
    for (const piece of body) {
      await sleep(700);
      socket.write(piece);
    }
    expect(await answered).toMatch(new RegExp(`^HTTP/1\\.1 ${status}`));
    expect(await uploadAt(line.split(" ")[1] ?? "")).toMatchObject({ isWhole: true });
  });
});

describe("a coding under the chunks, or in their place, is refused, and the upstream hears nothing", () => {
  it.each([
    { name: "beneath", coding: "gzip, chunked", says: '"source":{"header":"Transfer-Encoding"}' },
    // The runtime's own answer.
    { name: "alone", coding: "gzip", says: "invalid transfer-encoding" },
  ])("$coding", async ({ name, coding, says }) => {
    const path = `/actions/v1/coded-upload/${name}`;
    const socket = await upload(`PUT ${path}`, [`transfer-encoding: ${coding}`], ["1\r\nx\r\n0\r\n\r\n"]);
    const answered = await answerTo(socket);
    expect(answered).toMatch(/^HTTP\/1\.1 400/);
    expect(answered).toContain(says);
    expect(uploads.filter((one) => one.path === path)).toEqual([]);
  });
});

it("a request that names two hosts is refused, and the upstream hears nothing", async () => {
  const path = "/actions/v1/two-hosts";
  const answered = await answerTo(
    await upload(`PUT ${path}`, ["host: other.example", "content-length: 1"], ["x"]),
  );
  expect(answered).toMatch(/^HTTP\/1\.1 400/);
  expect(uploads.filter((one) => one.path === path)).toEqual([]);
});

describe("the upstream sees as incomplete", () => {
  const announced = "content-length: 2000000";
  it.each<[string, string, string[], (socket: Socket) => void]>([
    ["announced, then reset", announced, [PIECE], (socket) => socket.resetAndDestroy()],
    ["announced, then closed", announced, [PIECE], (socket) => socket.destroy()],
    ["100 of 1,000 bytes", "content-length: 1000", ["x".repeat(100)], (socket) => socket.destroy()],
    ["chunked, then reset", CHUNKED, [CHUNK], (socket) => socket.resetAndDestroy()],
    ["chunked, then closed", CHUNKED, [CHUNK], (socket) => socket.destroy()],
    ["closed within a chunk", CHUNKED, [CHUNK.slice(0, 500_000)], (socket) => socket.destroy()],
  ])("what broke off: %s", async (name, length, pieces, breakOff) => {
    const path = `/actions/v1/broken/${name.replaceAll(/\W+/g, "-")}`;
    const socket = await upload(`PUT ${path}`, [length], pieces);
    await sleep(300);
    breakOff(socket);
    expect(await uploadAt(path)).toMatchObject({ isWhole: false });
  });

  it("what is one byte larger than the bound, and the caller is told", async () => {
    const path = "/actions/v1/broken/too-large";
    const pieces = [CHUNK, CHUNK, CHUNK, "1\r\nx\r\n0\r\n\r\n"];
    expect(await answerTo(await upload(`PUT ${path}`, [CHUNKED], pieces))).toMatch(/^HTTP\/1\.1 413/);
    expect(await uploadAt(path)).toMatchObject({ isWhole: false });
  });
});

const CODED: Record<string, (text: string) => Buffer> = {
  gzip: gzipSync,
  br: brotliCompressSync,
  GZIP: gzipSync,
  "x-gzip": gzipSync,
  BR: brotliCompressSync,
  deflate: deflateSync,
  zstd: zstdCompressSync,
};

describe("the caller gets", () => {
  it.each(["gzip", "br", "GZIP", "x-gzip", "BR"])(
    "what the upstream has encoded as %s, decoded",
    async (coding) => {
      const path = `/actions/v1/coded/${coding}`;
      const { status, text } = await caller.call(path, { circumstances: { errorFrom: "upstream" } });
      expect([status, text]).toEqual([200, RUN]);
      const { headers } = await uploadAt(path);
      // So the runtime says that no cache may answer.
      expect(headers).toMatchObject({ "accept-encoding": "gzip, br", "cache-control": "no-cache" });
    },
  );

  it.each(["deflate", "zstd"])("a 500 for %s, which nothing here decodes", async (coding) => {
    expect((await caller.call(`/actions/v1/coded/${coding}`)).status).toBe(500);
  });

  it.each([
    { name: "a start", method: "POST", below: "run", status: 202 },
    { name: "a read", below: `runs/${ECHO}`, status: 200 },
    { name: "a read that waits", below: `runs/${ECHO}?wait_seconds=1`, status: 200 },
    { name: "a list", below: "", status: 200 },
  ])("a 500 for $name whose chunks hide a coding, and $status without it", async (one) => {
    const { method = "GET", below, status } = one;
    const body = method === "POST" ? { headers: { "content-type": "application/json" }, body: KB } : {};
    const statusOf = async (action: string) =>
      (await caller.call(`/actions/v1/stored-actions/${action}/${below}`, { method, ...body })).status;
    expect([await statusOf(ZIPPED), await statusOf(ECHO)]).toEqual([500, status]);
  });

  it.each(["length", "chunks", "gzip", "GZIP"])("no end of an answer that broke off: %s", async (framing) => {
    const answered = fetch(`${gateway.url}/actions/v1/cut/${framing}`, {
      headers: { authorization: `Bearer ${caller.token}` },
    });
    await expect(answered.then((response) => response.text())).rejects.toThrow();
  });
});

/** By what the path asks for: encoded, cut off, or a run. */
function answer(path: string, response: ServerResponse): void {
  const [, how = ""] = /\/coded\/([\w-]+)/.exec(path) ?? [];
  const encode = CODED[how];
  if (encode !== undefined) {
    response.setHeader("content-encoding", how).end(encode(RUN));
  } else if (path.includes("/cut/")) {
    cutOff(path, response);
  } else {
    const isZipped = path.includes(ZIPPED);
    const text = path.includes("/runs/") ? ENDED : RUN;
    response.setHeader("transfer-encoding", isZipped ? "gzip, chunked" : "chunked");
    response.writeHead(path.endsWith("/run") ? 202 : 200, { "content-type": "application/json" });
    response.end(isZipped ? gzipSync(text) : text);
  }
}

function cutOff(path: string, response: ServerResponse): void {
  if (/\/gzip$/i.test(path)) {
    response.setHeader("content-encoding", path.slice(-4)).end(gzipSync(PIECE).subarray(0, 500));
    return;
  }
  if (path.endsWith("/length")) response.setHeader("content-length", 1000);
  response.write("x".repeat(100), () => setTimeout(() => response.destroy(), 200));
}

async function upload(line: string, headers: string[], pieces: readonly string[]): Promise<Socket> {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  socket.on("error", () => undefined);
  const head = [`${line} HTTP/1.1`, "host: localhost", `authorization: Bearer ${caller.token}`, ...headers];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  for (const piece of pieces) socket.write(piece);
  return socket;
}

async function answerTo(socket: Socket): Promise<string> {
  const [head]: unknown[] = await once(socket, "data");
  socket.destroy();
  return String(head);
}

async function uploadAt(path: string): Promise<Upload> {
  const found = () => uploads.find((one) => one.path === path);
  await until(`the upstream sees ${path}`, 10_000, () => found() !== undefined);
  const one = found();
  if (one === undefined) throw new Error(`nothing came to ${path}`);
  return one;
}
