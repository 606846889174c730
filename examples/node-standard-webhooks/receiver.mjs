// Receives the callbacks of Edge Actions: node:http, and jose 6 for the `webhook-signature` of Standard Webhooks 1.0 with
// Ed25519 (`v1a`). The stock Standard Webhooks libraries verify `v1` only, a shared secret.
// `v1a` says neither for which receiver a callback is nor whose run it is about, and a body over 1 MiB has none. The JWT in
// `callback-signature` says both and proves every body, so this verifies it too. The two are signed with the same key.
//
//   npm install jose
//   node receiver.mjs --gateway https://actions.example.com --origin https://client.example \
//     --user https://login.example.com alice
//
// Before it reads the body, it checks of the token: the signature, with a key that the gateway publishes (keys are cached;
// for an unknown one they are fetched again, at most every 30 s); the algorithm, the type, the issuer; the age, at most 5
// minutes; that it is for this origin, about a run of an expected user, and for this `webhook-id`. Then it compares the
// body's hash, verifies `v1a` over `id.timestamp.body`, and only then parses. It prints why it refuses.
// A callback may come twice: each `webhook-id` is handed on once, and acknowledged every time.
//
// It leaves to you: TLS, and a memory that outlives it, as examples/node-jose says.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createRemoteJWKSet, jwtVerify } from "jose";

const MAX_AGE_SECONDS = 300;
/** A larger body has no `webhook-signature`. */
const MAX_V1A_BYTES = 1024 * 1024;
/** How far the two clocks may differ. */
const CLOCK_SKEW_SECONDS = 10;
/** The gateway takes up to 4 minutes to send a large result. */
const REQUEST_TIMEOUT_MS = 250_000;
const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

/** @typedef {{ issuer: string, subject: string }} User As `iss` and `sub` of the token that started the run. */
/** @typedef {(user: User) => boolean | Promise<boolean>} IsExpectedUser */

/**
 * @param {object} options
 * @param {string} options.gatewayUrl The gateway's PUBLIC_URL: the issuer, and where its keys are.
 * @param {string} [options.origin] Of your callback URLs. Left out: http://127.0.0.1 and the port where this listens.
 * @param {IsExpectedUser} options.isExpectedUser Are runs of this user yours?
 * @param {(runId: string, run: unknown, user: User) => unknown} options.onRun Called once for each run, after the answer.
 * @param {number} [options.maxBytes] Of a body, which is held in memory. A larger one is answered 413.
 */
export function createReceiver({ gatewayUrl, origin, isExpectedUser, onRun, maxBytes = 64 * 1024 * 1024 }) {
  const issuer = new URL(gatewayUrl).origin;
  const keys = createRemoteJWKSet(new URL("/.well-known/jwks.json", issuer));
  const seen = new Set();

  return createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, async (request, response) => {
    const answer = (/** @type {number} */ status) => response.writeHead(status).end();
    const refuse = (/** @type {number} */ status, /** @type {string} */ reason) => {
      log(reason);
      answer(status);
    };
    try {
      if (request.method !== "POST") return answer(405);
      // Not from the Host header: the client chooses that.
      const audience = new URL(origin ?? `http://127.0.0.1:${request.socket.localPort}`).origin;
      // Keys that cannot be fetched are a 401 too: the gateway will try again.
      const token = await verify(request.headers, keys, { issuer, audience }, isExpectedUser).catch(log);
      if (!token) return answer(401);
      if (!(Number(request.headers["content-length"]) <= maxBytes))
        return refuse(413, `the body has no length, or more than ${maxBytes} bytes`);
      const body = await buffer(request);
      // The bytes as they came: parsed and printed again, they would be others.
      const hash = createHash("sha256").update(body).digest("base64url");
      if (token.bodySha256 !== hash) return refuse(401, "the token is for another body");
      if (body.length <= MAX_V1A_BYTES && !(await holdsV1a(request.headers, body, token.key)))
        return refuse(401, "webhook-signature has no v1a by the key of the token");
      // It passes over a byte-order mark, which JSON.parse() refuses.
      const run = await new Response(body).json().catch(() => undefined);
      if (run === undefined) return refuse(400, "the body is no JSON");

      // No `await` between the question and the note: two copies may arrive at the same moment.
      const isNew = !seen.has(token.webhookId);
      seen.add(token.webhookId);
      answer(204);
      if (isNew) await onRun(token.runId, run, token.user);
    } catch (error) {
      log(error);
      if (!response.headersSent) answer(500);
    }
  });
}

/**
 * What the token says, or an error.
 * @param {import("node:http").IncomingHttpHeaders} headers
 * @param {import("jose").JWTVerifyGetKey} keys
 * @param {{ issuer: string, audience: string }} parties
 * @param {IsExpectedUser} isExpectedUser
 */
async function verify(headers, keys, parties, isExpectedUser) {
  const { payload, key } = await jwtVerify(String(headers["callback-signature"]), keys, {
    ...parties,
    algorithms: ["EdDSA"],
    typ: "callback+jwt",
    maxTokenAge: MAX_AGE_SECONDS,
    clockTolerance: CLOCK_SKEW_SECONDS,
    requiredClaims: ["sub", "jti", "exp", "sub_id", "body_sha256"],
  });
  if (payload.jti !== headers["webhook-id"]) throw new Error("the token is for another webhook-id");
  const { format, iss, sub } = Object(payload["sub_id"]);
  if (format !== "iss_sub") throw new Error("sub_id is not of the format iss_sub");
  const user = { issuer: String(iss), subject: String(sub) };
  if (!(await isExpectedUser(user))) throw new Error(`no run of ${JSON.stringify(user)} is expected here`);
  return {
    webhookId: payload.jti,
    runId: String(payload.sub),
    user,
    bodySha256: payload["body_sha256"],
    key,
  };
}

/** @param {import("node:http").IncomingHttpHeaders} headers @param {Buffer} body @param {CryptoKey} key */
export async function holdsV1a(headers, body, key) {
  const [id, timestamp] = [String(headers["webhook-id"]), String(headers["webhook-timestamp"])];
  const ageSeconds = Math.abs(Date.now() / 1000 - Number(timestamp));
  if (!(ageSeconds <= MAX_AGE_SECONDS)) return false;
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  // A list: other versions may stand beside ours.
  for (const signature of String(headers["webhook-signature"]).split(" ")) {
    const [version, base64 = ""] = signature.split(",");
    const bytes = Buffer.from(base64, "base64");
    if (version === "v1a" && (await crypto.subtle.verify("Ed25519", key, bytes, content))) return true;
  }
  return false;
}

/** @param {unknown} reason */
function log(reason) {
  process.stderr.write(`${String(reason)}\n`);
}

/** @param {string} text */
function isHttpUrl(text) {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** @param {unknown} usage @returns {never} */
function fail(usage) {
  log(usage);
  process.exit(2);
}

function parseOptions() {
  const text = /** @type {const} */ ({ type: "string" });
  const options = {
    gateway: text,
    origin: text,
    user: { ...text, multiple: true },
    "max-bytes": text,
    port: text,
  };
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    return fail(error);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals: subjects } = parseOptions();
  const { gateway = "http://127.0.0.1:8787", origin, user: issuers = [], port = "9000" } = values;
  const maxBytes = values["max-bytes"];
  if (issuers.length === 0 || issuers.length !== subjects.length)
    fail("--user ISSUER SUBJECT, for each user");
  if (!isHttpUrl(gateway)) fail("--gateway https://HOST, the gateway's PUBLIC_URL");
  if (origin === undefined ? !LOOPBACK.includes(new URL(gateway).hostname) : !isHttpUrl(origin))
    fail("--origin https://HOST, of your callback URLs");
  if (maxBytes !== undefined && !/^[1-9]\d*$/.test(maxBytes)) fail("--max-bytes NUMBER, from 1");
  if (!/^[1-9]\d*$/.test(port) || Number(port) > 65_535) fail("--port NUMBER, from 1 to 65535");

  const server = createReceiver({
    gatewayUrl: gateway,
    isExpectedUser: ({ issuer, subject }) =>
      issuers.some((each, at) => each === issuer && subjects[at] === subject),
    onRun: (runId, run) => process.stdout.write(`run ${runId}: ${JSON.stringify(run)}\n`),
    ...(origin && { origin }),
    ...(maxBytes && { maxBytes: Number(maxBytes) }),
  });
  server.listen(Number(port), "127.0.0.1", () =>
    process.stdout.write(`listening on http://127.0.0.1:${port}\n`),
  );
}
