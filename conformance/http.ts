// Requests as any client would make them. Every answer is kept, so that a clause about all answers can check all.

export type Answer = {
  /** Method and path, for reports. */
  request: string;
  status: number;
  headers: Headers;
  text: string;
  /** Milliseconds from the request's beginning to the last byte. */
  tookMs: number;
  receivedAtMs: number;
};

export type Call = {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Its length is not announced: the server cannot answer and hang up before all of it was sent. */
  isChunked?: boolean;
};

const ANSWERED_WITHIN_MS = 60_000;

export class Http {
  readonly answers: Answer[] = [];
  readonly #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  async call(path: string, call: Call = {}): Promise<Answer> {
    const { method = "GET", headers = {}, body, isChunked = false } = call;
    const startedAt = performance.now();
    const response = await fetch(`${this.#origin}${path}`, {
      method,
      headers,
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWERED_WITHIN_MS),
      ...(body === undefined ? {} : sent(body, isChunked)),
    });
    const text = await response.text();
    const { status, headers: answered } = response;
    const tookMs = performance.now() - startedAt;
    const request = `${method} ${path}`;
    const answer = { request, status, headers: answered, text, tookMs, receivedAtMs: Date.now() };
    this.answers.push(answer);
    return answer;
  }
}

/** A body as fetch takes it, in one piece or in chunks. */
export function sent(
  body: string,
  isChunked: boolean,
): { body: string } | { body: ReadableStream; duplex: "half" } {
  return isChunked ? { body: new Blob([body]).stream(), duplex: "half" } : { body };
}

/** A caller with a token. */
export class Caller {
  readonly token: string;
  readonly #http: Http;

  constructor(http: Http, token: string) {
    this.#http = http;
    this.token = token;
  }

  call(path: string, { headers = {}, ...call }: Call = {}): Promise<Answer> {
    return this.#http.call(path, { ...call, headers: { authorization: `Bearer ${this.token}`, ...headers } });
  }

  /** Sends JSON as it stands. */
  send(method: string, path: string, body: string, isChunked = false): Promise<Answer> {
    return this.call(path, { method, headers: { "content-type": "application/json" }, body, isChunked });
  }

  /** Starts a run of a stored action. */
  start(action: string, data: object): Promise<Answer> {
    return this.startWith(action, JSON.stringify({ data }));
  }

  startWith(action: string, body: string, isChunked = false): Promise<Answer> {
    return this.send("POST", `/actions/v1/stored-actions/${action}/run`, body, isChunked);
  }

  read(action: string, runId: string, rest = ""): Promise<Answer> {
    return this.call(`/actions/v1/stored-actions/${action}/runs/${runId}${rest}`);
  }
}

/** Makes `count` requests at the same moment. */
export function atOnce(count: number, make: () => Promise<Answer>): Promise<Answer[]> {
  return Promise.all(Array.from({ length: count }, make));
}
