// An upstream for Edge Actions: Node's own modules only. It has three stored actions, which are also the one-off runs'
// action keys: `echo` ends at once, `slow` after `inputs.seconds`, `fails` in an error.
//
//   COMPLETION_TOKEN=… node server.mjs --gateway https://actions.example.com --port 8790
//
// Every request is for the user in the gateway's token. A start whose idempotency_id is known gets the run that it has
// started. When a run ends, its callback_url hears of that, again and again until it answers 2xx.
//
// It leaves to you: a database (here a restart forgets all runs; give the pair of user and idempotency_id a unique key, and
// keep runs for seven days), TLS, and numbers that JSON.parse does not keep, such as 1.10.
import { createPublicKey, randomUUID, verify } from "node:crypto";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const ACTION_ID = "00000000-0000-4000-8000-00000000000";
const PARTNER_ERROR = { code: "partner", title: "Partner", detail: "The partner refused the request." };
const ACTIONS = {
  echo: { id: `${ACTION_ID}1`, seconds: () => 0, errors: [] },
  slow: { id: `${ACTION_ID}3`, seconds: (inputs) => Number(inputs.seconds) || 0, errors: [] },
  fails: { id: `${ACTION_ID}4`, seconds: () => 0, errors: [PARTNER_ERROR] },
};
const START = /^\/actions\/v1\/(?:stored-actions\/([^/]+)\/run|runs)$/;
const READ = /^\/actions\/v1\/(?:stored-actions\/([^/]+)\/)?runs\/([^/]+)$/;

/** @param {{ gatewayUrl: string, completionToken: string, retryMs?: number }} options `gatewayUrl` is its PUBLIC_URL. */
export function createUpstream({ gatewayUrl, completionToken, retryMs = 1000 }) {
  const runs = new Map();
  const runIds = new Map();
  let keys = [];

  async function findUser(authorization = "") {
    const [header = "", claims = "", signature = ""] = authorization.replace(/^Bearer /, "").split(".");
    const [{ alg, kid } = {}, { iss, aud, exp, sub_id: user } = {}] = [header, claims].map(parsePart);
    if (alg !== "EdDSA" || iss !== gatewayUrl || aud !== "actions-upstream" || !(exp > Date.now() / 1000))
      return null;
    // In production fetch them for an unknown `kid` every 30 s at most.
    if (!keys.some((key) => key.kid === kid)) ({ keys } = await fetchKeys(gatewayUrl));
    const jwk = keys.find((key) => key.kid === kid);
    const signed = Buffer.from(`${header}.${claims}`);
    const isSigned =
      jwk &&
      verify(null, signed, createPublicKey({ key: jwk, format: "jwk" }), Buffer.from(signature, "base64url"));
    return isSigned ? JSON.stringify([user.iss, user.sub]) : null;
  }

  function start(user, action, isOneOff, { inputs = {}, idempotency_id: id, callback_url: callbackUrl }) {
    const known = runIds.get(`${user} ${id}`);
    if (known) return known;
    const seconds = action.seconds(inputs);
    const run = { id: randomUUID(), user, actionId: isOneOff ? undefined : action.id, inputs, callbackUrl };
    runs.set(run.id, { ...run, errors: action.errors, endsAtMs: Date.now() + seconds * 1000 });
    runIds.set(`${user} ${id}`, run.id);
    if (callbackUrl) setTimeout(complete, seconds * 1000, run, 1);
    return run.id;
  }

  async function complete({ id, callbackUrl }, attempt) {
    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${completionToken}` };
    // The token is for the gateway only.
    if (!callbackUrl.startsWith(`${gatewayUrl}/completions/`)) return;
    const init = { method: "POST", headers, redirect: "manual", signal: AbortSignal.timeout(10_000) };
    const reply = await fetch(callbackUrl, { ...init, body: JSON.stringify({ id }) }).catch(() => null);
    await reply?.body?.cancel();
    if (!reply?.ok && attempt < 6)
      setTimeout(complete, retryMs * 2 ** (attempt - 1), { id, callbackUrl }, attempt + 1);
  }

  async function answer({ method, url, headers }, body) {
    if (url === "/healthz") return [200, { status: "ok" }];
    const user = await findUser(headers.authorization);
    if (user === null) return problem(401, "unauthenticated", "The token is not valid.");
    const [, startId, isStart = method === "POST" && START.test(url)] = START.exec(url) ?? [];
    if (isStart) {
      const { data } = JSON.parse(body);
      const isFound = ([key, { id }]) => (startId === undefined ? key === data.action_key : id === startId);
      const [, action] = Object.entries(ACTIONS).find(isFound) ?? [];
      if (!action) return problem(404, "not_found", "There is no such action.");
      return [202, { data: { type: "run", id: start(user, action, startId === undefined, data) } }];
    }
    const [, actionId, runId] = READ.exec(url) ?? [];
    const run = runs.get(runId);
    if (method !== "GET" || run?.user !== user || run.actionId !== actionId)
      return problem(404, "not_found", "There is nothing at this path.");
    const isWaiting = Date.now() < run.endsAtMs;
    const report = toReport(run, isWaiting);
    return [isWaiting ? 202 : 200, actionId === undefined ? { data: report } : report];
  }

  return createServer(async (request, response) => {
    const [status, json] = await buffer(request)
      .then((body) => answer(request, body.toString()))
      .catch((error) => problem(error instanceof SyntaxError ? 400 : 500, "failed", "The request failed."));
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(json));
  });
}

function toReport({ id, inputs, errors }, isWaiting) {
  const failed = errors.length > 0;
  const ended = { status: failed ? "error" : "success", results: failed ? [] : [inputs], errors };
  return {
    type: "run",
    id,
    next_page: null,
    ...(isWaiting ? { status: "waiting", results: [], errors: [] } : ended),
  };
}

function parsePart(part) {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString());
  } catch {
    return {};
  }
}

async function fetchKeys(gatewayUrl) {
  const response = await fetch(`${gatewayUrl}/.well-known/jwks.json`);
  return response.json();
}

function problem(status, code, detail) {
  return [status, { errors: [{ status, code, title: code, detail, source: null, meta: {} }] }];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const options = { gateway: { type: "string" }, port: { type: "string", default: "8790" } };
  const { gateway: gatewayUrl, port } = parseArgs({ options }).values;
  const completionToken = process.env.COMPLETION_TOKEN ?? "";
  createUpstream({ gatewayUrl, completionToken }).listen(Number(port), "127.0.0.1", () => {
    console.log(`listening on http://127.0.0.1:${String(port)}`);
  });
}
