// What a reader of a run sees. One function makes the body for the GET and for the completion, so they cannot differ.
// Results are text or a recipe: a large one is made while it is sent, and is never in memory as a whole.

export type RunReport = {
  kind: "report";
  id: string;
  /** One-off runs are read inside `data`, runs of stored actions flat. */
  wrapped: boolean;
  state: RunState;
};

export type RunState =
  | { status: "waiting" }
  | { status: "success"; results: Results; nextPage: string | null }
  | { status: "error"; detail: string };

type Results = { as: "text"; items: string } | { as: "filler"; bytes: number };

const PAGE_SIZE = 10;
const CHUNK_BYTES = 65_536;

export function pageOfItems(count: number, page: number): RunState {
  const first = page * PAGE_SIZE;
  const length = Math.max(0, Math.min(PAGE_SIZE, count - first));
  const items = Array.from({ length }, (_, offset) => `{"index":${first + offset}}`).join(",");
  const nextPage = first + PAGE_SIZE < count ? String(page + 1) : null;
  return { status: "success", results: { as: "text", items }, nextPage };
}

export function runBody({ id, wrapped, state }: RunReport): string | ReadableStream<Uint8Array> {
  const head = `${wrapped ? '{"data":' : ""}{"type":"run","id":"${id}","status":"${state.status}","results":[`;
  const tail = `],"next_page":${nextPageText(state)},"errors":[${errorText(state)}]}${wrapped ? "}" : ""}`;
  if (state.status !== "success") return head + tail;
  if (state.results.as === "text") return head + state.results.items + tail;
  return toStream(fillerBody(head, state.results.bytes, tail));
}

function nextPageText(state: RunState): string {
  return JSON.stringify(state.status === "success" ? state.nextPage : null);
}

function errorText(state: RunState): string {
  if (state.status !== "error") return "";
  const { detail } = state;
  return JSON.stringify({
    status: 502,
    code: "partner",
    title: "Partner Error",
    detail,
    source: null,
    meta: {},
  });
}

function* fillerBody(head: string, bytes: number, tail: string): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode(`${head}{"content":"`);
  for (let left = bytes; left > 0; left -= CHUNK_BYTES) {
    yield new Uint8Array(Math.min(left, CHUNK_BYTES)).fill(0x78);
  }
  yield encoder.encode(`"}${tail}`);
}

function toStream(chunks: Generator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const { value, done } = chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}
