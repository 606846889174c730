// The other party of a callback: it keeps what it was sent and answers what the test says.

export type Received = { url: string; method: string; headers: Headers; body: Uint8Array; redirect: string };

export class Receiver {
  readonly received: Received[] = [];
  readonly #answer: (request: Request) => Response | Promise<Response>;

  constructor(answer: (request: Request) => Response | Promise<Response>) {
    this.#answer = answer;
  }

  async fetch(request: Request): Promise<Response> {
    const { url, method, headers, redirect } = request;
    const body = new Uint8Array(await request.clone().arrayBuffer());
    this.received.push({ url, method, headers, body, redirect });
    return this.#answer(request);
  }
}

/** A body that sends `chunkBytes` every `everyMs` for ever, and counts what was taken of it. */
export class Drip {
  sentBytes = 0;
  cancelled = false;
  readonly body: ReadableStream<Uint8Array>;

  constructor(chunkBytes: number, everyMs: number) {
    const pull = async (controller: ReadableByteStreamController) => {
      if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
      if (this.cancelled) return;
      controller.enqueue(new Uint8Array(chunkBytes));
      this.sentBytes += chunkBytes;
    };
    const cancel = () => {
      this.cancelled = true;
    };
    this.body = new ReadableStream({ type: "bytes", pull, cancel }, { highWaterMark: 0 });
  }
}
