// Receives the callbacks of Edge Actions: node:http, and jose 6 for the `callback-signature`.
//
//   npm install jose
//   node receiver.mjs --gateway http://127.0.0.1:8787 --port 9000
//
// It checks, before anything is believed or parsed: the token's signature, with a key that the gateway publishes (keys
// are cached; for an unknown one they are fetched again, at most every 30 s); its algorithm; its issuer; its age, at most
// 5 minutes; that it was made for this `webhook-id` and for exactly these bytes of body.
// A callback may come twice: each `webhook-id` is handed on once, and acknowledged every time.
//
// It leaves to you: TLS (it listens on this machine only: put your proxy in front), and a memory that outlives it. Here a
// run is lost if the process dies between the 204 and the end of `onRun`. In production write `webhook-id` (unique) and
// the body to your database, answer when that is done, and work from there.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createRemoteJWKSet, jwtVerify } from "jose";

const MAX_BODY_BYTES = 10 * 1024 * 1024;
const MAX_AGE_SECONDS = 300;
/** How far the two clocks may differ. */
const CLOCK_SKEW_SECONDS = 10;
/** The gateway waits no longer. */
const REQUEST_TIMEOUT_MS = 15_000;

/**
 * @param {object} options
 * @param {string} options.gatewayUrl The gateway's PUBLIC_URL: the issuer, and where its keys are.
 * @param {(runId: string, run: unknown) => unknown} options.onRun Called once for each run, after the answer.
 */
export function createReceiver({ gatewayUrl, onRun }) {
  const issuer = new URL(gatewayUrl).origin;
  const keys = createRemoteJWKSet(new URL("/.well-known/jwks.json", issuer));
  const seen = new Set();

  return createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, async (request, response) => {
    const answer = (/** @type {number} */ status) => response.writeHead(status).end();
    try {
      if (request.method !== "POST") return answer(405);
      const body = await readBody(request);
      if (body === null) return answer(413);
      // Keys that cannot be fetched are a 401 too: the gateway will try again.
      const claims = await verify(request.headers, body, keys, issuer).catch(log);
      if (!claims) return answer(401);
      const run = JSON.parse(body.toString("utf8"));

      // No `await` between the question and the note: two copies may arrive at the same moment.
      const isNew = !seen.has(claims.jti);
      seen.add(claims.jti);
      answer(204);
      if (isNew) await onRun(String(claims.sub), run);
    } catch (error) {
      log(error);
      if (!response.headersSent) answer(500);
    }
  });
}

/**
 * The token's claims, or an error. The body is hashed as it came: parsed and printed again, it would be another one.
 * @param {import("node:http").IncomingHttpHeaders} headers
 * @param {Buffer} body
 * @param {import("jose").JWTVerifyGetKey} keys
 * @param {string} issuer
 */
async function verify(headers, body, keys, issuer) {
  const { payload } = await jwtVerify(String(headers["callback-signature"]), keys, {
    algorithms: ["EdDSA"],
    issuer,
    maxTokenAge: MAX_AGE_SECONDS,
    clockTolerance: CLOCK_SKEW_SECONDS,
    requiredClaims: ["sub", "jti", "exp", "body_sha256"],
  });
  if (payload.jti !== headers["webhook-id"]) throw new Error("the token is for another webhook-id");
  const hash = createHash("sha256").update(body).digest("base64url");
  if (payload["body_sha256"] !== hash) throw new Error("the token is for another body");
  return payload;
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
