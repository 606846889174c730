// A result that is too large to be held. It is read twice: first to find its status, its length and its hash, to sign it,
// and to copy it into KV; then to be sent, from KV or from the upstream once more (callbacks/post-stream.ts). At no
// time is more of it in memory than a few blocks. The consumer's handler has to wait for both passes: what goes on behind a
// handler is stopped by the platform after 30 s.
import { createHash } from "node:crypto";
import type { StreamedBody } from "../callbacks/callback-body.ts";
import type { V1Signer } from "../callbacks/webhook-v1.ts";
import { logStorageFailure } from "../platform/observability/isolate-sums.ts";
import { type Block, readBlocks } from "../platform/outbound/read-body.ts";
import type { RunResult } from "../runs/run.ts";
import type { ReadAnswer } from "../upstream/read-run.ts";
import { RunScan, type RunStatus } from "../upstream/run-scan.ts";
import { BodyCopy } from "./body-copy.ts";
import { openKeptBody } from "./kept-body.ts";
import { unseenFor } from "./read-end.ts";

export type LargeResultSource = {
  kv: KVNamespace;
  userKey: string;
  runId: string;
  /** KV has it from an earlier attempt. */
  isKept: boolean;
  /** For a receiver that is to be sent it. Null: only its status is of interest, and there is no copy. */
  sign: (() => V1Signer) | null;
  /** Reads the run at the upstream, as its caller would. */
  ask: () => Promise<ReadAnswer>;
  /** For each 256 KiB that are read. */
  blockTimeoutMs: number;
  /** When the result must have been read and sent. */
  untilMs: number;
};

export type LargeResult =
  | { kind: "waiting" }
  /** `unknown`: the upstream answers, and does not know the run. */
  | { kind: "unseen"; unknown: boolean }
  /** `body` is for signCallback and attemptDelivery. `isKept`: KV has a copy, from now or from before. */
  | { kind: "ended"; result: RunResult; body: StreamedBody; isKept: boolean };

type Survey = { status: RunStatus | null } & Pick<StreamedBody, "byteLength" | "sha256" | "v1">;

const UNSEEN: LargeResult = { kind: "unseen", unknown: false };

/** Reads the result once, from KV or from the upstream. Never throws for what either can do. */
export async function readLargeResult(source: LargeResultSource): Promise<LargeResult> {
  return (source.isKept ? await readKeptCopy(source) : null) ?? (await readUpstream(source));
}

async function readKeptCopy(source: LargeResultSource): Promise<LargeResult | null> {
  const kept = await openKeptBody(source.kv, source.userKey, source.runId);
  if (kept === null) return null;
  try {
    const survey = await surveyBody(source, kept, null);
    // A copy that broke off is none: its object has not ended.
    return hasEnded(survey) ? toLargeResult(source, survey, true) : null;
  } catch (error) {
    logStorageFailure("kv", { event: "body.get_failed", user: source.userKey, error });
    return null;
  }
}

async function readUpstream(source: LargeResultSource): Promise<LargeResult> {
  const answer = await source.ask();
  if (answer.kind === "problem") return unseenFor(answer.problem);
  const { body, headers, waiting } = answer;
  if (waiting || body === null) {
    await body?.cancel();
    return waiting ? { kind: "waiting" } : UNSEEN;
  }
  const { kv, userKey, runId, sign } = source;
  const copy = sign && BodyCopy.start(kv, userKey, runId, parseContentLength(headers));
  try {
    const survey = await surveyBody(source, body, copy);
    const isKept = hasEnded(survey) && copy !== null && (await copy.finish());
    return toLargeResult(source, survey, isKept);
  } catch {
    // Broken off, or too slow.
    return UNSEEN;
  } finally {
    await copy?.abandon();
  }
}

async function surveyBody(
  source: LargeResultSource,
  body: ReadableStream<Uint8Array>,
  copy: BodyCopy | null,
): Promise<Survey> {
  const scan = new RunScan();
  const sha256 = createHash("sha256");
  const v1 = source.sign?.() ?? null;
  let byteLength = 0;
  for await (const { bytes } of readBlocks(body, source)) {
    byteLength += bytes.byteLength;
    scan.read(bytes);
    sha256.update(bytes);
    v1?.update(bytes);
    await copy?.write(bytes);
  }
  return { status: scan.status(), byteLength, sha256: sha256.digest("base64url"), v1: v1?.end() ?? null };
}

function hasEnded({ status }: Survey): boolean {
  return status === "success" || status === "error";
}

function toLargeResult(
  source: LargeResultSource,
  { status, ...signed }: Survey,
  isKept: boolean,
): LargeResult {
  if (status === null) return UNSEEN;
  if (status === "waiting") return { kind: "waiting" };
  const open = () => readAgain(source, isKept);
  const body = { ...signed, sendUntilMs: source.untilMs, open };
  return { kind: "ended", result: status, body, isKept };
}

async function* readAgain(source: LargeResultSource, isKept: boolean): AsyncGenerator<Block> {
  const kept = isKept ? await openKeptBody(source.kv, source.userKey, source.runId) : null;
  yield* readBlocks(kept ?? (await askForBody(source)), source);
}

async function askForBody({ ask }: LargeResultSource): Promise<ReadableStream<Uint8Array>> {
  const answer = await ask();
  if (answer.kind === "problem" || answer.waiting || answer.body === null)
    throw new Error("the upstream gives the result no more");
  return answer.body;
}

/** Null where the body comes in another length than its header says, or the header says none. */
function parseContentLength(headers: Headers): number | null {
  const length = headers.get("content-length") ?? "";
  return /^\d{1,15}$/.test(length) && !headers.has("content-encoding") ? Number(length) : null;
}
