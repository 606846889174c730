// The other party, faked: an upstream that honours idempotency ids, keeps what it was asked, and can be told to
// misbehave. Everything between it and the test is the product.

export type Asked = { method: string; path: string; headers: Headers; body: string };

type Behaviour = (request: Asked, honest: () => Response) => Response | Promise<Response>;

export class FakeUpstream {
  readonly asked: Asked[] = [];
  /** Every run that exists, by its idempotency id: all users' ids together. */
  readonly runs = new Map<string, string>();
  /** Runs of which it says that they are still waiting. */
  readonly waiting = new Set<string>();
  /** The same ids by the callers' own. */
  readonly #idsOfCallers = new Map<string, string>();
  #behaviour: Behaviour = (_request, honest) => honest();

  /** From now on, `behave` answers; `honest()` does what an honest upstream does at that moment. */
  behave(behave: Behaviour): void {
    this.#behaviour = behave;
  }

  behaveHonestly(): void {
    this.behave((_request, honest) => honest());
  }

  /** From now on this answers reads of runs; starts are answered honestly. */
  answerReads(read: (runId: string) => Response): void {
    this.behave(({ method, path }, honest) => (method === "GET" ? read(lastPart(path)) : honest()));
  }

  /** From now on this happens after each start, and before its answer. */
  beforeAnswer(happen: (runId: string) => Promise<unknown>): void {
    this.behave(async ({ method }, honest) => {
      const answer = honest();
      if (method === "POST") await happen([...this.runs.values()].at(-1) ?? "");
      return answer;
    });
  }

  /** It goes on to know its runs, and takes their ids for new ones. */
  forgetIds(): void {
    const known = [...this.runs.values()];
    this.runs.clear();
    for (const runId of known) this.runs.set(`forgotten ${runId}`, runId);
  }

  /** It starts each run, and answers 500. */
  loseAnswers(): void {
    this.behave((_request, honest) => {
      honest();
      return new Response("no", { status: 500 });
    });
  }

  /** The run of a caller's own id. */
  runUnder(callersId: string): string | undefined {
    return this.runs.get(this.#idsOfCallers.get(callersId) ?? "");
  }

  get starts(): Asked[] {
    return this.asked.filter(({ method }) => method === "POST");
  }

  async fetch(input: Request): Promise<Response> {
    const { pathname, search } = new URL(input.url);
    const request: Asked = {
      method: input.method,
      path: pathname + search,
      headers: input.headers,
      body: await input.text(),
    };
    this.asked.push(request);
    return this.#behaviour(request, () => this.#honest(request));
  }

  #honest({ method, path, headers, body }: Asked): Response {
    if (method === "POST") return json(202, { data: { type: "run", id: this.#start(headers, body) } });
    const id = lastPart(path);
    if (this.waiting.has(id)) return json(202, { type: "run", id, status: "waiting" });
    if (![...this.runs.values()].includes(id)) return json(404, errorBody(404, "not_found"));
    const run = { type: "run", id, status: "success", results: [{ ok: true }], next_page: null, errors: [] };
    return json(200, path.startsWith("/actions/v1/runs/") ? { data: run } : run);
  }

  #start(headers: Headers, body: string): string {
    const { data }: { data: { idempotency_id: string } } = JSON.parse(body);
    const id = this.runs.get(data.idempotency_id) ?? crypto.randomUUID();
    this.runs.set(data.idempotency_id, id);
    const callersId = headers.get("x-idempotency-id");
    if (callersId !== null) this.#idsOfCallers.set(callersId, data.idempotency_id);
    return id;
  }
}

function lastPart(path: string): string {
  return path.split("?")[0]?.split("/").at(-1) ?? "";
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}

export function errorBody(status: number, code: string): unknown {
  const error = {
    status,
    code,
    title: `title of ${code}`,
    detail: `detail of ${code}`,
    source: null,
    meta: { from: "upstream" },
  };
  return { errors: [error] };
}
