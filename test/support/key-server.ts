// The other party: an issuer's key server. It counts what it is asked and answers what the test says.

type Answer = (request: Request) => Response | Promise<Response>;

export class KeyServer {
  readonly requests: Request[] = [];
  answer: Answer;
  #onRequest: (() => void)[] = [];

  constructor(answer: Answer) {
    this.answer = answer;
  }

  get calls(): number {
    return this.requests.length;
  }

  async fetch(request: Request): Promise<Response> {
    this.requests.push(request);
    for (const notify of this.#onRequest.splice(0)) notify();
    return this.answer(request);
  }

  /** Lets every request wait for one answer; `asked` resolves with the next request. */
  hold(): { asked: Promise<void>; respond: (response: Response) => void } {
    const { promise, resolve } = Promise.withResolvers<Response>();
    this.answer = () => promise;
    return { asked: new Promise((notify) => this.#onRequest.push(notify)), respond: resolve };
  }
}
