import { describe, expect, it } from "vitest";
import { discardBody } from "../../../src/platform/outbound/guard.ts";

const MEBIBYTE = 1_048_576;

describe("a body that is not wanted", () => {
  it("is taken in to its end, and kept nowhere", async () => {
    const pieces: WeakRef<Uint8Array>[] = [];
    let collected = 0;
    const body = new ReadableStream<Uint8Array>({
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
    await discardBody({ body }, 256 * MEBIBYTE, 60_000);
    expect(pieces).toHaveLength(256);
    expect(collected).toBeGreaterThan(0);
  });
});
