// A truncated upload must not look like a whole one: what passes through, over real sockets on both sides.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Caller } from "./support/caller.ts";
import { LocalServer } from "./support/local-server.ts";
import { forFile, gatewayWith } from "./support/opened.ts";
import { until } from "./support/process.ts";

const MB = 1_000_000;
const PIECE = "x".repeat(MB);
const CHUNK = `f4240\r\n${PIECE}\r\n`;
const CHUNKED = "transfer-encoding: chunked";

type Upload = { path: string; bytes: number; isWhole: boolean };

const uploads: Upload[] = [];
const upstream = await forFile(
  LocalServer.listen((request, response) => {
    const one = { path: request.url ?? "", bytes: 0 };
    request.on("data", (chunk: Buffer) => (one.bytes += chunk.byteLength));
    request.on("error", () => undefined);
    request.on("close", () => uploads.push({ ...one, isWhole: request.complete }));
    request.on("end", () => response.end("{}"));
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
    expect(await answerTo(await upload(path, length, body))).toMatch(/^HTTP\/1\.1 200/);
    expect(await uploadAt(path)).toEqual({ path, bytes: 2 * MB, isWhole: true });
  });

  it("what takes longer than an answer of it may take", async () => {
    const path = "/actions/v1/whole/slow";
    const socket = await upload(path, "content-length: 3000000", []);
    for (const piece of [PIECE, PIECE, PIECE]) {
      await sleep(700);
      socket.write(piece);
    }
    expect(await answerTo(socket)).toMatch(/^HTTP\/1\.1 200/);
    expect(await uploadAt(path)).toMatchObject({ bytes: 3 * MB, isWhole: true });
  });
});

describe("the upstream sees as incomplete", () => {
  const announced = "content-length: 2000000";
  it.each<[string, string, string[], (socket: Socket) => void]>([
    ["announced, then reset", announced, [PIECE], (socket) => socket.resetAndDestroy()],
    ["announced, then closed", announced, [PIECE], (socket) => socket.destroy()],
    ["chunked, then reset", CHUNKED, [CHUNK], (socket) => socket.resetAndDestroy()],
    ["chunked, then closed", CHUNKED, [CHUNK], (socket) => socket.destroy()],
    ["closed within a chunk", CHUNKED, [CHUNK.slice(0, 500_000)], (socket) => socket.destroy()],
  ])("what broke off: %s", async (name, length, pieces, breakOff) => {
    const path = `/actions/v1/broken/${name.replaceAll(/\W+/g, "-")}`;
    const socket = await upload(path, length, pieces);
    await sleep(300);
    breakOff(socket);
    expect(await uploadAt(path)).toMatchObject({ isWhole: false });
  });

  it("what grows past the bound, and the caller is told", async () => {
    const path = "/actions/v1/broken/too-large";
    const socket = await upload(path, CHUNKED, [CHUNK, CHUNK, CHUNK, CHUNK, "0\r\n\r\n"]);
    expect(await answerTo(socket)).toMatch(/^HTTP\/1\.1 413/);
    expect(await uploadAt(path)).toMatchObject({ isWhole: false });
  });
});

async function upload(path: string, length: string, pieces: readonly string[]): Promise<Socket> {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  socket.on("error", () => undefined);
  const head = [`PUT ${path} HTTP/1.1`, "host: localhost", `authorization: Bearer ${caller.token}`, length];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  for (const piece of pieces) socket.write(piece);
  return socket;
}

async function answerTo(socket: Socket): Promise<string> {
  const [head]: unknown[] = await once(socket, "data");
  socket.destroy();
  return String(head);
}

async function uploadAt(path: string): Promise<Upload | undefined> {
  await until(`the upstream sees ${path}`, 10_000, () => uploads.some((one) => one.path === path));
  return uploads.find((one) => one.path === path);
}
