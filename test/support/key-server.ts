// The other party: an issuer's key server. It counts what it is asked and answers what the test says.

export class KeyServer {
  readonly requests: Request[] = [];
  answer: () => Response | Promise<Response>;
  #onRequest: (() => void)[] = [];

  constructor(answer: () => Response | Promise<Response>) {
    this.answer = answer;
  }

  get calls(): number {
    return this.requests.length;
  }

  async fetch(request: Request): Promise<Response> {
    this.requests.push(request);
    for (const tell of this.#onRequest.splice(0)) tell();
    return this.answer();
  }

  /** Resolves with the next request. */
  asked(): Promise<void> {
    return new Promise((resolve) => this.#onRequest.push(resolve));
  }
}
