// The alternative on Node: what its usual libraries give, put together with care. Token, scope, a limit in Redis, form of
// the body, an idempotency key in Redis, forwarding, callbacks by BullMQ, signed. One process.
import { createPrivateKey, randomUUID, sign } from "node:crypto";
import { Agent, request } from "node:http";
import { Queue, Worker } from "bullmq";
import express from "express";
import { rateLimit } from "express-rate-limit";
import { Redis } from "ioredis";
import { createLocalJWKSet, jwtVerify } from "jose";
import { RedisStore } from "rate-limit-redis";

const { redisPort, upstreamPort, jwks, issuer, audience, signingKey } = JSON.parse(process.argv[2]);
const KEPT_SECONDS = 72 * 3600;
const CLAIM_SECONDS = 15;
const UPSTREAM_TIMEOUT_MS = 10_000;

const connection = { host: "127.0.0.1", port: redisPort, maxRetriesPerRequest: null };
const redis = new Redis(connection);
const keys = createLocalJWKSet(JSON.parse(jwks));
const privateKey = createPrivateKey({ key: signingKey, format: "jwk" });
const agent = new Agent({ keepAlive: true });
const callbacks = new Queue("callbacks", { connection });
const worker = new Worker("callbacks", deliver, { connection, concurrency: 32 });
worker.on("error", (error) => console.error(error));

const app = express().disable("x-powered-by").disable("etag");
app.post("/completions/:ref", async ({ params: { ref } }, response) => {
  const options = {
    attempts: 10,
    backoff: { type: "exponential", delay: 5000 },
    removeOnComplete: true,
    jobId: `callback-${ref}`,
  };
  await callbacks.add("callback", { ref }, options);
  response.status(202).end();
});
app.use(authenticate);
app.use(
  rateLimit({
    windowMs: 300_000,
    limit: 1_000_000,
    standardHeaders: "draft-8",
    legacyHeaders: true,
    keyGenerator: ({ caller }) => caller,
    store: new RedisStore({ sendCommand: (command, ...args) => redis.call(command, ...args) }),
  }),
);
app.post("/actions/v1/stored-actions/:id/run", express.text({ type: () => true, limit: "6mb" }), start);
app.get("/actions/v1/stored-actions/:id/runs/:run", async ({ path, headers }, response) => {
  const answer = await ask("GET", path, headers.authorization);
  response.status(answer.status).type("json").send(answer.body);
});
const server = app.listen(0, "127.0.0.1", 4096, () => process.send({ port: server.address().port }));

async function authenticate(incoming, response, next) {
  const token = /^Bearer (\S+)$/.exec(incoming.headers.authorization ?? "")?.[1];
  try {
    const { payload } = await jwtVerify(token ?? "", keys, { issuer, audience, algorithms: ["ES256"] });
    if (!String(payload.scope).split(" ").includes("external")) return refuse(response, 403);
    incoming.caller = `${payload.iss} ${payload.sub}`;
  } catch {
    return refuse(response, 401);
  }
  next();
}

async function start({ path, body, headers, caller }, response) {
  const data = parseData(body);
  if (data === null) return refuse(response, 400);
  const { idempotency_id: id, callback_url: callbackUrl } = data;
  const key = `run ${caller} ${id}`;
  if (id !== undefined) {
    const claimed = await redis.set(key, "", "EX", CLAIM_SECONDS, "NX");
    if (claimed === null) return replay(response, await redis.get(key));
  }
  const sent = callbackUrl === undefined ? body : await withCompletion(data, headers.host);
  const answer = await ask("POST", path, headers.authorization, sent);
  if (id !== undefined) {
    if (answer.status === 202) await redis.set(key, answer.body, "EX", KEPT_SECONDS);
    else await redis.del(key);
  }
  response.status(answer.status).type("json").send(answer.body);
}

// The first one is still under way when nothing is kept yet.
function replay(response, kept) {
  if (!kept) return refuse(response, 503);
  response.status(202).set("Idempotency-Replayed", "true").type("json").send(kept);
}

async function withCompletion(data, host) {
  const ref = randomUUID();
  await redis.set(`callback ${ref}`, data.callback_url, "EX", KEPT_SECONDS);
  return JSON.stringify({ data: { ...data, callback_url: `http://${host}/completions/${ref}` } });
}

async function deliver({ data: { ref } }) {
  const url = await redis.get(`callback ${ref}`);
  const run = await ask("GET", `/actions/v1/stored-actions/${ref}/runs/${ref}`, "");
  const seconds = Math.floor(Date.now() / 1000);
  const signature = sign(null, Buffer.from(`${ref}.${seconds}.${run.body}`), privateKey).toString("base64");
  const headers = {
    "content-type": "application/json",
    "webhook-id": ref,
    "webhook-timestamp": seconds,
    "webhook-signature": `v1a,${signature}`,
  };
  const { status } = await exchange(new URL(url), "POST", headers, run.body);
  if (status >= 300) throw new Error(`the receiver answered ${status}`);
}

function ask(method, path, authorization, body) {
  const headers = { authorization, "content-type": "application/json" };
  return exchange(new URL(path, `http://127.0.0.1:${upstreamPort}`), method, headers, body);
}

function exchange(url, method, headers, body) {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const options = { method, agent, headers: { ...headers, ...length }, timeout: UPSTREAM_TIMEOUT_MS };
    const sent = request(url, options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece) => (text += piece));
      response.on("end", () => resolve({ status: response.statusCode, body: text }));
      response.on("error", reject);
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer in time")));
    sent.on("error", reject);
    sent.end(body);
  });
}

function parseData(text) {
  try {
    const { data } = JSON.parse(text);
    return typeof data === "object" && data !== null ? data : null;
  } catch {
    return null;
  }
}

function refuse(response, status) {
  response.status(status).json({ errors: [{ status }] });
}
