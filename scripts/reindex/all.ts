// The walk, a request at a time. What fails for a moment is asked again; what does not is said, with the cursor.
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { parseJson } from "../../src/platform/json.ts";
import { Failure } from "../failure.ts";
import type { ReindexOptions } from "./options.ts";

const pageShape = z.object({
  gates: z.number(),
  reindexed: z.number(),
  unreachable: z.number(),
  next_cursor: z.string().nullable(),
});
const problemShape = z.object({ errors: z.tuple([z.object({ detail: z.string() })], z.unknown()) });

type Page = z.infer<typeof pageShape>;

const MAX_ATTEMPTS = 6;
const MAX_PAUSE_SECONDS = 30;

/** Throws a Failure when it cannot go on, and when gates did not answer. */
export async function reindexAll(options: ReindexOptions, print: (line: string) => void): Promise<void> {
  const sum = { gates: 0, reindexed: 0, unreachable: 0 };
  let cursor: string | null = options.cursor;
  while (cursor !== null) {
    const page = await askFor({ ...options, cursor });
    sum.gates += page.gates;
    sum.reindexed += page.reindexed;
    sum.unreachable += page.unreachable;
    print(`gates asked: ${sum.gates}, reindexed: ${sum.reindexed}`);
    cursor = page.next_cursor;
  }
  if (sum.unreachable > 0)
    throw new Failure(
      `Gates that did not answer: ${sum.unreachable}. They report to the index by themselves within a week; to ask them now, run it again.`,
    );
  print("Done.");
}

async function askFor(options: ReindexOptions): Promise<Page> {
  for (let attempts = 1; ; attempts += 1) {
    const answer = await post(options);
    if (answer.kind === "page") return answer.page;
    if (answer.retryAfterSeconds === null || attempts === MAX_ATTEMPTS) {
      const goOn = options.cursor === "" ? "" : `\nTo go on from here: --cursor ${options.cursor}`;
      throw new Failure(`${answer.reason}${goOn}`);
    }
    await pause(Math.min(answer.retryAfterSeconds, MAX_PAUSE_SECONDS) * 1000);
  }
}

/** `retryAfterSeconds` null: it would fail again. */
type Posted =
  | { kind: "page"; page: Page }
  | { kind: "failed"; reason: string; retryAfterSeconds: number | null };

async function post({ url, token, cursor }: ReindexOptions): Promise<Posted> {
  const query = cursor === "" ? "" : `?${new URLSearchParams({ cursor }).toString()}`;
  const headers = { authorization: `Bearer ${token}` };
  try {
    const response = await fetch(`${url}/console/api/reindex${query}`, { method: "POST", headers });
    return parsePosted(response.status, response.headers.get("retry-after"), await response.text());
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
    return { kind: "failed", reason: `${url} cannot be reached${cause}`, retryAfterSeconds: 1 };
  }
}

function parsePosted(status: number, retryAfter: string | null, body: string): Posted {
  const json = parseJson(body);
  const page = pageShape.safeParse(json);
  if (status === 200 && page.success) return { kind: "page", page: page.data };
  const detail = problemShape.safeParse(json).data?.errors[0].detail;
  const reason = `The gateway answered ${status}${detail === undefined ? "" : `: ${detail}`}`;
  return { kind: "failed", reason, retryAfterSeconds: status === 503 ? Number(retryAfter ?? 5) : null };
}
