// Receives the callbacks of Edge Actions: node:http, and the library of Svix, npm's svix 2.
//
//   npm install svix
//   CALLBACK_SECRETS='whsec_…' node receiver.mjs
//
// CALLBACK_SECRETS has what GET /callbacks/secret of the gateway answers to the user whose runs it expects: the `secret`, and
// behind a blank each of `also_valid`. The secret is that user's alone, so `v1` proves whose run it is. For which of the user's
// receivers the callback is, `v1` does not say: examples/node-jose checks that too.
//
// The library checks the signature, and that it is at most 5 minutes old. The body has to be read before that: let your proxy
// limit what strangers send. It is verified as UTF-8 text; a result with other bytes is refused, and needs examples/node-jose.
// It prints why it refuses. A callback may come twice: each `webhook-id` is handed on once, and acknowledged every time.
//
// It leaves to you: TLS, and a memory that outlives it, as examples/node-jose says.
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Webhook } from "svix";

/** The gateway takes up to 4 minutes to send a large result. */
const REQUEST_TIMEOUT_MS = 250_000;
const SECRET = /^whsec_[A-Za-z0-9+/]{43}=$/;

/**
 * @param {object} options
 * @param {string[]} options.secrets A callback has to hold with one of them.
 * @param {(runId: string, run: unknown) => unknown} options.onRun Called once for each run, after the answer.
 * @param {number} [options.maxBytes] Of a body, which is held in memory. A larger one is answered 413.
 */
export function createReceiver({ secrets, onRun, maxBytes = 64 * 1024 * 1024 }) {
  const webhooks = secrets.map((secret) => new Webhook(secret));
  const seen = new Set();

  return createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, async (request, response) => {
    const answer = (/** @type {number} */ status) => response.writeHead(status).end();
    const refuse = (/** @type {number} */ status, /** @type {unknown} */ reason) => {
      log(reason);
      answer(status);
    };
    try {
      if (request.method !== "POST") return answer(405);
      if (!(Number(request.headers["content-length"]) <= maxBytes))
        return refuse(413, `the body has no length, or more than ${maxBytes} bytes`);
      const body = await buffer(request);
      const reason = findFault(webhooks, request.headers, body);
      if (reason !== null) return refuse(401, reason);
      // It passes over a byte-order mark, which JSON.parse() refuses.
      const run = await new Response(body).json().catch(() => undefined);
      if (run === undefined) return refuse(400, "the body is no JSON");

      const webhookId = String(request.headers["webhook-id"]);
      // No `await` between the question and the note: two copies may arrive at the same moment.
      const isNew = !seen.has(webhookId);
      seen.add(webhookId);
      answer(204);
      if (isNew) await onRun(webhookId.replace("run_", ""), run);
    } catch (error) {
      log(error);
      if (!response.headersSent) answer(500);
    }
  });
}

/**
 * Why it is no callback for this receiver; null if one of the secrets made its signature.
 * @param {Webhook[]} webhooks
 * @param {import("node:http").IncomingHttpHeaders} headers
 * @param {Buffer} body
 */
function findFault(webhooks, headers, body) {
  // No others: Svix would take `svix-id` before `webhook-id`, by which duplicates are found.
  const names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
  const given = Object.fromEntries(names.map((name) => [name, String(headers[name] ?? "")]));
  let fault = null;
  for (const webhook of webhooks) {
    try {
      webhook.verify(body, given);
      return null;
    } catch (error) {
      fault = error;
    }
  }
  return fault;
}

/** @param {unknown} reason */
function log(reason) {
  process.stderr.write(`${String(reason)}\n`);
}

/** @param {unknown} usage @returns {never} */
function fail(usage) {
  log(usage);
  process.exit(2);
}

function parseOptions() {
  const text = /** @type {const} */ ({ type: "string" });
  try {
    return parseArgs({ options: { "max-bytes": text, port: text } }).values;
  } catch (error) {
    return fail(error);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { port = "9000", "max-bytes": maxBytes } = parseOptions();
  const secrets = (process.env["CALLBACK_SECRETS"] ?? "").split(" ");
  if (!secrets.every((secret) => SECRET.test(secret)))
    fail("CALLBACK_SECRETS='whsec_…', as GET /callbacks/secret answers it");
  if (maxBytes !== undefined && !/^[1-9]\d*$/.test(maxBytes)) fail("--max-bytes NUMBER, from 1");
  if (!/^[1-9]\d*$/.test(port) || Number(port) > 65_535) fail("--port NUMBER, from 1 to 65535");

  const server = createReceiver({
    secrets,
    onRun: (runId, run) => process.stdout.write(`run ${runId}: ${JSON.stringify(run)}\n`),
    ...(maxBytes && { maxBytes: Number(maxBytes) }),
  });
  server.listen(Number(port), "127.0.0.1", () =>
    process.stdout.write(`listening on http://127.0.0.1:${port}\n`),
  );
}
