// Everything else under /actions/: authenticated, then streamed to the upstream and back. It must not become a way
// around the routes that count: a path that an upstream could take for one of those is not forwarded.
import { getPath } from "hono/utils/url";
import { problem } from "../../platform/errors.ts";
import { send } from "../../platform/outbound/guard.ts";
import { TimeoutError } from "../../platform/timeout.ts";
import { readError, UNCACHED, unreachable } from "../../upstream/client.ts";
import { decode } from "../../upstream/coding.ts";
import { isForwardable } from "../../upstream/forwardable.ts";
import { headersToCaller, headersToUpstream } from "../../upstream/headers.ts";
import { sendUpload, UploadBroken, UploadTooLarge } from "../../upstream/upload.ts";
import { passedThroughProblem, upstreamOutcome } from "../../upstream/upstream-problem.ts";
import { answer, answerProblem, answerUpstreamProblem, refuse } from "../answers.ts";
import { BODY_PACE, brokenBody, encodingFault } from "../body.ts";
import { assertedFor, toTargetBase } from "../caller-deps.ts";
import type { AppContext } from "../context.ts";
import { answerNotFound } from "../middleware/observe.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/** No Request can be made of these with a body, not even with the empty one that `Content-Length: 0` comes as. */
const METHODS_WITHOUT_BODY = ["GET", "HEAD"];

const NO_URL = problem("bad_request", "The request's target or its Host field is malformed.", {
  source: { header: "Host" },
});

export async function passThrough(c: AppContext): Promise<Response> {
  const { method } = c.req;
  if (!METHODS.includes(method)) {
    const headers = { allow: METHODS.join(", ") };
    return answerProblem(c, problem("method_not_allowed", "This method is not forwarded.", { headers }));
  }
  // Two Host fields make it none (RFC 9112, section 3.2).
  const url = URL.parse(c.req.url);
  if (url === null) return refuse(c, "malformed", NO_URL, {});
  const { pathname, search } = url;
  if (!isRouted(c) || !isForwardable(pathname)) return answerNotFound(c);
  const { maxBodyBytes } = c.get("services").settings;
  const { headers } = c.req.raw;
  const byteLength = parseContentLength(headers);
  const hasBody = byteLength !== 0 && !METHODS_WITHOUT_BODY.includes(method);
  const body = hasBody ? c.req.raw.body : null;
  if (body !== null && byteLength !== null && byteLength > maxBodyBytes)
    return answerTooLarge(c, maxBodyBytes);
  const unfit = body === null ? null : encodingFault(headers);
  if (unfit !== null) return refuse(c, "malformed", unfit, {});
  try {
    const path = `${pathname}${search}`;
    return await passBack(
      c,
      path,
      await c.get("stopwatch").time("upstream", forward(c, path, body, byteLength)),
    );
  } catch (error) {
    if (error instanceof UploadTooLarge) return answerTooLarge(c, maxBodyBytes);
    if (error instanceof UploadBroken) return refuse(c, "malformed", brokenBody(error.cause), {});
    c.get("notes").outcome = "upstream_failed";
    return answerUpstreamProblem(c, unreachable(error instanceof TimeoutError));
  }
}

async function forward(
  c: AppContext,
  path: string,
  body: ReadableStream<Uint8Array> | null,
  byteLength: number | null,
): Promise<Response> {
  const { settings, upstream } = c.get("services");
  const { sender, baseUrl } = upstream;
  const { upstreamTimeoutMs, maxBodyBytes: maxBytes } = settings;
  const headers = headersToUpstream(c.req.raw.headers, await assertedFor(c));
  const init = { method: c.req.method, headers, ...UNCACHED };
  if (body === null) return send(sender, baseUrl + path, init, upstreamTimeoutMs);
  const upload = { body, byteLength, maxBytes, pace: BODY_PACE, upstreamTimeoutMs };
  return sendUpload(sender, baseUrl + path, init, upload, (work) => c.executionCtx.waitUntil(work));
}

/** Null where there is none: the body comes in chunks. */
function parseContentLength(headers: Headers): number | null {
  const length = headers.get("content-length") ?? "";
  return /^\d{1,15}$/.test(length) ? Number(length) : null;
}

/**
 * Whether the routes before this one judged the path that would be forwarded. The runtime hands over the request line
 * as it came: hono leaves dot segments and backslashes in it, the URL parser resolves them.
 */
function isRouted(c: AppContext): boolean {
  return c.req.path === getPath(new Request(c.req.url));
}

async function passBack(c: AppContext, path: string, response: Response): Promise<Response> {
  const { status, headers } = response;
  // No part (206) was asked for: Range does not go to the upstream.
  const isPassed = status === 304 || (status >= 200 && status < 300 && status !== 206);
  const decoded = isPassed ? await decode(response) : null;
  if (decoded !== null) {
    c.get("notes").outcome = "passed";
    return answer(c, decoded.body, status, headersToCaller(decoded, toTargetBase(c, path)));
  }
  const body = await readError(response, c.get("services").settings.upstreamTimeoutMs);
  const failure = passedThroughProblem(status, headers, body);
  c.get("notes").outcome = upstreamOutcome(failure);
  // Without a body there is no envelope that could say more than the status.
  return answerUpstreamProblem(
    c,
    c.req.method === "HEAD" && failure.status < 500 ? { ...failure, status } : failure,
  );
}

function answerTooLarge(c: AppContext, maxBytes: number): Response {
  return answerProblem(c, problem("payload_too_large", `The body is larger than ${maxBytes} bytes.`));
}
