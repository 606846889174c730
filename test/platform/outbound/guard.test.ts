import { describe, expect, it, vi } from "vitest";
import { OutboundUnreached, type Sender, send, sendStream } from "../../../src/platform/outbound/guard.ts";

describe("an answer of Cloudflare's own", () => {
  const WAYS = [
    ["a request", (sender: Sender) => send(sender, "https://up.example/", {}, 1_000)],
    [
      "a streamed one",
      (sender: Sender) => {
        const { answer, finish } = sendStream(
          sender,
          "https://up.example/",
          { method: "POST" },
          new IdentityTransformStream(),
        );
        finish();
        return answer;
      },
    ],
  ] as const;
  describe.each(WAYS)("to %s", (_name, ask) => {
    it.each([520, 521, 522, 523, 524, 525, 526, 530])(
      "%i is none of the other party's, and is let go of",
      async (status) => {
        const cancel = vi.fn();
        const headers = { "retry-after": "120" };
        const sender = {
          fetch: async () => new Response(new ReadableStream({ cancel }), { status, headers }),
        };
        await expect(ask(sender)).rejects.toThrow(new OutboundUnreached(status));
        expect(cancel).toHaveBeenCalledOnce();
      },
    );

    it.each([502, 504, 519, 527, 529, 531])("%i is not one", async (status) => {
      const sender = { fetch: async () => new Response("no", { status }) };
      expect((await ask(sender)).status).toBe(status);
    });
  });
});
