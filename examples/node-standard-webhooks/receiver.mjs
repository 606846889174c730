// Receives the callbacks of Edge Actions: node:http, and node:crypto for the `webhook-signature` of Standard Webhooks
// 1.0 with Ed25519 (`v1a`). It needs no package: the stock Standard Webhooks libraries verify `v1` only, a shared secret.
//
//   node receiver.mjs --gateway http://127.0.0.1:8787 --port 9000
//
// It checks, before anything is believed or parsed: the signature over `id.timestamp.body`, with a key that the gateway
// publishes (keys are cached; when none fits they are fetched again, at most every 30 s), and the timestamp, at most 5
// minutes away from this clock. The signature names no issuer: whose keys you fetch is whom you believe.
// A callback may come twice: each `webhook-id` is handed on once, and acknowledged every time.
//
// It leaves to you: TLS (it listens on this machine only: put your proxy in front), and a memory that outlives it. Here a
// run is lost if the process dies between the 204 and the end of `onRun`. In production write `webhook-id` (unique) and
// the body to your database, answer when that is done, and work from there.
import { createPublicKey, verify } from "node:crypto";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const MAX_BODY_BYTES = 10 * 1024 * 1024;
const MAX_AGE_SECONDS = 300;
const KEYS_FRESH_MS = 10 * 60_000;
const KEYS_COOLDOWN_MS = 30_000;
/** The gateway waits no longer. */
const REQUEST_TIMEOUT_MS = 15_000;

/** @typedef {(maxAgeMs: number) => Promise<import("node:crypto").KeyObject[]>} KeysNoOlderThan */

/**
 * @param {object} options
 * @param {string} options.gatewayUrl The gateway's PUBLIC_URL: where its keys are.
 * @param {(runId: string, run: unknown) => unknown} options.onRun Called once for each run, after the answer.
 */
export function createReceiver({ gatewayUrl, onRun }) {
  const keysNoOlderThan = keyCache(new URL("/.well-known/jwks.json", gatewayUrl));
  const seen = new Set();

  return createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, async (request, response) => {
    const answer = (/** @type {number} */ status) => response.writeHead(status).end();
    try {
      const body = await readBody(request);
      if (body === null) return answer(413);
      const id = await verifiedId(request.headers, body, keysNoOlderThan).catch(log);
      if (!id) return answer(401);
      const run = JSON.parse(body.toString("utf8"));

      // No `await` between the question and the note: two copies may arrive at the same moment.
      const isNew = !seen.has(id);
      seen.add(id);
      answer(204);
      if (isNew) await onRun(id.replace("run_", ""), run);
    } catch (error) {
      log(error);
      if (!response.headersSent) answer(500);
    }
  });
}

/**
 * The webhook-id, or an error. The body is verified as it came: parsed and printed again, it would be another one.
 * @param {import("node:http").IncomingHttpHeaders} headers
 * @param {Buffer} body
 * @param {KeysNoOlderThan} keysNoOlderThan
 */
async function verifiedId(headers, body, keysNoOlderThan) {
  const [id, timestamp] = [String(headers["webhook-id"]), String(headers["webhook-timestamp"])];
  if (!/^\d+$/.test(timestamp)) throw new Error("webhook-timestamp is missing or no number");
  const ageSeconds = Math.abs(Date.now() / 1000 - Number(timestamp));
  if (ageSeconds > MAX_AGE_SECONDS) throw new Error("webhook-timestamp is too old or too new");

  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  // A list: other versions may stand beside ours.
  const signatures = String(headers["webhook-signature"])
    .split(" ")
    .filter((signature) => signature.startsWith("v1a,"))
    .map((signature) => Buffer.from(signature.slice("v1a,".length), "base64"));

  for (const maxAgeMs of [KEYS_FRESH_MS, KEYS_COOLDOWN_MS]) {
    for (const key of await keysNoOlderThan(maxAgeMs)) {
      if (signatures.some((signature) => verify(null, content, key, signature))) return id;
    }
  }
  throw new Error("no signature by a key of the gateway");
}

/** While the gateway does not answer, the former keys stay. @param {URL} url @returns {KeysNoOlderThan} */
function keyCache(url) {
  let fetchedAtMs = 0;
  /** @type {ReturnType<KeysNoOlderThan>} */
  let keys = Promise.resolve([]);
  return (maxAgeMs) => {
    if (Date.now() - fetchedAtMs < maxAgeMs) return keys;
    fetchedAtMs = Date.now();
    const former = keys;
    keys = fetchKeys(url).catch(() => former);
    return keys;
  };
}

/** @param {URL} url */
async function fetchKeys(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
  /** @type {{ keys: import("node:crypto").JsonWebKey[] }} */
  const jwks = await response.json();
  return jwks.keys
    .filter(({ kty, crv }) => kty === "OKP" && crv === "Ed25519")
    .map((key) => createPublicKey({ key, format: "jwk" }));
}

/** Null when there are too many bytes. @param {import("node:http").IncomingMessage} request */
async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size <= MAX_BODY_BYTES ? Buffer.concat(chunks) : null;
}

/** @param {unknown} error */
function log(error) {
  process.stderr.write(`${String(error)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      gateway: { type: "string", default: "http://127.0.0.1:8787" },
      port: { type: "string", default: "9000" },
    },
  });
  const server = createReceiver({
    gatewayUrl: values.gateway,
    onRun: (runId, run) => process.stdout.write(`run ${runId}: ${JSON.stringify(run)}\n`),
  });
  server.listen(Number(values.port), "127.0.0.1", () =>
    process.stdout.write(`listening on http://127.0.0.1:${values.port}\n`),
  );
}
