import { describe, expect, it, vi } from "vitest";
import { MemoryBudget } from "../../../src/platform/memory-budget.ts";
import {
  nextPieceDueMs,
  OutboundOverBudget,
  OutboundTooLarge,
  readBody,
  readMessage,
} from "../../../src/platform/outbound/read-body.ts";
import { TimeoutError } from "../../../src/platform/timeout.ts";

const MEBIBYTE = 1_048_576;

describe("a body for which there is no room", () => {
  it("is taken in to its end, kept nowhere, and leaves its room to others at once", async () => {
    const budget = new MemoryBudget(4 * MEBIBYTE);
    const [reservation, other] = [budget.enter("a", 0), budget.enter("b", 0)];
    other.take(1);
    const pieces: WeakRef<Uint8Array>[] = [];
    let collected = 0;
    const body = new ReadableStream({
      type: "bytes",
      async pull(controller) {
        if (pieces.length === 256) {
          collected = pieces.filter((piece) => piece.deref() === undefined).length;
          return controller.close();
        }
        // A turn of its own: until its end nothing that a WeakRef was made of is collected.
        await scheduler.wait(0);
        const piece = new Uint8Array(MEBIBYTE);
        pieces.push(new WeakRef(piece));
        controller.enqueue(piece);
      },
    });
    await expect(readBody({ body }, 256 * MEBIBYTE, 60_000, reservation)).rejects.toThrow(OutboundOverBudget);
    expect(pieces).toHaveLength(256);
    expect(collected).toBeGreaterThan(0);
    expect(other.take(1.9 * MEBIBYTE)).toBe(true);
  });
});

describe("a body", () => {
  it.each([0, 1, 511, 4096, 4097, 65_536, 65_537, 300_000])("of %i bytes is read whole", async (length) => {
    const bytes = Uint8Array.from({ length }, (_, at) => at % 251);
    const read = await readBody(new Response(bytes), MEBIBYTE, 60_000);
    expect(read).toEqual(bytes);
  });

  it("in pieces of one byte is read hundreds at a time", async () => {
    const spied = vi.spyOn(ReadableStreamBYOBReader.prototype, "readAtLeast");
    const read = await readBody({ body: drip(1, 0, 3_000) }, MEBIBYTE, 60_000);
    expect(read.byteLength).toBe(3_000);
    expect(spied.mock.calls.length).toBeLessThan(12);
    spied.mockRestore();
  });

  it("is bounded, whatever length its head announces", async () => {
    const headers = { "content-length": "10" };
    const response = new Response(drip(65_536, 0, 100), { headers });
    await expect(readBody(response, MEBIBYTE, 60_000)).rejects.toThrow(OutboundTooLarge);
  });
});

describe("a body that has to come at a pace", () => {
  const PACE = { timeoutMs: 600, graceMs: 100, minBytesPerSecond: 100 };

  it("has its next piece due later with each byte, and never after its whole time", () => {
    expect([0, 10, 50, 1_000].map((size) => nextPieceDueMs(PACE, size))).toEqual([100, 200, 600, 600]);
  });

  it("is read while it keeps it, and cut off when it falls behind", async () => {
    const whole = await readBody({ body: drip(10, 50, 8) }, MEBIBYTE, PACE);
    expect(whole.byteLength).toBe(80);
    const begunAtMs = performance.now();
    await expect(readBody({ body: drip(1, 50, 100) }, MEBIBYTE, PACE)).rejects.toThrow(TimeoutError);
    expect(performance.now() - begunAtMs).toBeLessThan(PACE.timeoutMs);
  });
});

describe("a message's body", () => {
  const PACE = { timeoutMs: 600, graceMs: 100, minBytesPerSecond: 100 };

  it.each([
    ["one that is short", { "content-length": "80" }, 1],
    ["one of a kilobyte", { "content-length": "1024" }, 1],
    ["one that is longer", { "content-length": "1025" }, 0],
    ["one of a length that is none", { "content-length": "0x50" }, 0],
    ["one of unknown length", {}, 0],
    ["a coded one", { "content-length": "80", "content-encoding": "gzip" }, 0],
    ["one in chunks", { "content-length": "80", "transfer-encoding": "chunked" }, 0],
  ])("is read in one step where that is safe: %s", async (_, headers, steps) => {
    const spied = vi.spyOn(Response.prototype, "arrayBuffer");
    const read = await readMessage(new Response(drip(80, 0, 1), { headers }), MEBIBYTE, PACE);
    expect(read.byteLength).toBe(80);
    expect(spied).toHaveBeenCalledTimes(steps);
    spied.mockRestore();
  });

  it("is counted with its reservation, and is not kept without room", async () => {
    const budget = new MemoryBudget(1_000);
    const [reservation, other] = [budget.enter("a", 0), budget.enter("b", 0)];
    await readMessage(message(80, 0, 1), MEBIBYTE, PACE, reservation);
    expect(reservation.bytes).toBe(80);
    other.take(450);
    await expect(readMessage(message(480, 0, 1), MEBIBYTE, PACE, reservation)).rejects.toThrow(
      OutboundOverBudget,
    );
  });

  it("is cut off when it falls behind its pace", async () => {
    await expect(readMessage(message(1, 50, 80), MEBIBYTE, PACE)).rejects.toThrow(TimeoutError);
  });
});

function message(bytes: number, pauseMs: number, times: number): Response {
  return new Response(drip(bytes, pauseMs, times), {
    headers: { "content-length": String(bytes * times) },
  });
}

/** So many bytes every `pauseMs`, so many times. */
function drip(bytes: number, pauseMs: number, times: number): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      if (sent === times) return controller.close();
      sent += 1;
      await scheduler.wait(pauseMs);
      controller.enqueue(new Uint8Array(bytes));
    },
  });
}
