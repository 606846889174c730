// Both other parties of a large result over real sockets: an upstream that gives another body at each read where a test
// wants that, and a receiver that keeps the hash and the end of what it was sent, never the whole.
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { LocalServer } from "./local-server.ts";

const MIB = 1024 * 1024;
const HEAD = '{"type":"run","status":"success","results":["';
const TAIL = '"]}';

/** What one read of the run is answered with; `breakOffAfter` and `stallAfter` are bytes of the body. */
export type Reading = {
  body: Buffer;
  isChunked?: boolean;
  breakOffAfter?: number;
  stallAfter?: number;
};

/** A result of about so many MiB: a string of one letter in a run that has ended. */
export function toResult(mebibytes: number, deadLetter = "x"): Buffer {
  const body = Buffer.alloc(Math.round(mebibytes * MIB), deadLetter);
  body.write(HEAD, 0);
  body.write(TAIL, body.byteLength - TAIL.length);
  return body;
}

/** How the upstream answers the reads of one run: the last reading stands for ever. */
export class LargeReads {
  count = 0;
  /** Those whose connection the gateway ended before it had everything. */
  cancelled = 0;
  readonly #readings: readonly Reading[];

  constructor(readings: readonly Reading[]) {
    this.#readings = readings;
  }

  async answer(response: ServerResponse): Promise<void> {
    const reading = this.#readings[Math.min(this.count, this.#readings.length - 1)];
    this.count += 1;
    response.once("close", () => (this.cancelled += response.writableFinished ? 0 : 1));
    if (reading === undefined) throw new Error("there is no reading");
    const { body, isChunked = false, breakOffAfter, stallAfter } = reading;
    response.writeHead(200, isChunked ? {} : { "content-length": body.byteLength });
    const sent = breakOffAfter ?? stallAfter ?? body.byteLength;
    await write(response, body.subarray(0, sent));
    if (breakOffAfter !== undefined) response.destroy();
    else if (stallAfter === undefined) response.end();
  }
}

/** In pieces, so that no more of it is on its way than the other side takes. */
async function write(response: ServerResponse, body: Buffer): Promise<void> {
  await pipeline(Readable.from(pieces(body)), response, { end: false });
}

function* pieces(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.byteLength; at += MIB) yield body.subarray(at, at + MIB);
}

export type Taken = {
  headers: IncomingMessage["headers"];
  bytes: number;
  /** Base64url. */
  sha256: string;
  /** The request was whole: the receiver would believe in it. */
  isComplete: boolean;
};

export type Manner = (
  request: IncomingMessage,
  response: ServerResponse,
  take: () => Promise<Taken>,
) => unknown;

const acknowledge: Manner = async (_request, response, take) => {
  if ((await take()).isComplete) response.writeHead(204).end();
};

export class LargeReceiver extends LocalServer {
  /** Of requests that have ended, however. */
  readonly taken: Taken[] = [];

  constructor(manner: Manner = acknowledge) {
    super((request, response) => manner(request, response, () => this.#take(request)));
  }

  async #take(request: IncomingMessage): Promise<Taken> {
    const hash = createHash("sha256");
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.byteLength;
      hash.update(chunk);
    });
    // Broken off, it has an error too.
    request.on("error", () => undefined);
    await new Promise((resolve) => request.once("close", resolve));
    const { headers, complete } = request;
    const taken = { headers, bytes, sha256: hash.digest("base64url"), isComplete: complete };
    this.taken.push(taken);
    return taken;
  }
}
