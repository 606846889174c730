// How long a streamed body may be on its way in all. Its bytes on real sockets: test/flows/large-results.test.ts.
import { expect, it } from "vitest";
import { postStream } from "../../src/callbacks/post-stream.ts";
import { TimeoutError } from "../../src/platform/timeout.ts";

async function* endless() {
  for (;;) yield { bytes: new Uint8Array(65_536), isLast: false };
}

it("a receiver that takes each block soon enough, and the whole too late, is given up", async () => {
  const sender = {
    async fetch(request: Request): Promise<Response> {
      const reader = request.body?.getReader();
      while ((await reader?.read())?.done === false) await scheduler.wait(50);
      return new Response();
    },
  };
  const sending = { byteLength: 2 ** 30, sendUntilMs: Date.now() + 500, blocks: endless() };
  const sent = postStream(sender, "https://client.example/hook", new Headers(), sending, 400);
  await expect(sent).rejects.toThrow(TimeoutError);
});
