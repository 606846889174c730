// The least that counts exactly: the bare proxy, and before it the token, decoded and not verified, and one call of the
// user's object, by fetch(), which took a twelfth less CPU than RPC. As in the gateway, the count is in memory and written
// behind, and no answer waits for it.
import { DurableObject } from "cloudflare:workers";
import { Hono } from "hono";

type Bindings = { UPSTREAM_URL: string; COUNTERS: DurableObjectNamespace<Counter> };
type Window = { count: number; endsAtMs: number };

const LIMIT = 1_000_000;
const WINDOW_MS = 300_000;
const WRITE_BEHIND_MS = 200;

export class Counter extends DurableObject {
  #window: Window = this.ctx.storage.kv.get<Window>("window") ?? { count: 0, endsAtMs: 0 };
  #isUnsaved = false;

  /** Whether one more run has a place in the window, by the status alone. */
  override fetch(): Response {
    const nowMs = Date.now();
    if (nowMs >= this.#window.endsAtMs) this.#window = { count: 0, endsAtMs: nowMs + WINDOW_MS };
    if (this.#window.count >= LIMIT) return new Response(null, { status: 429 });
    this.#window.count += 1;
    if (!this.#isUnsaved) setTimeout(() => void this.#save(), WRITE_BEHIND_MS);
    this.#isUnsaved = true;
    return new Response(null);
  }

  #save(): Promise<void> {
    this.#isUnsaved = false;
    return this.ctx.storage.put("window", this.#window, { allowUnconfirmed: true });
  }
}

const app = new Hono<{ Bindings: Bindings }>();
app.post("*", async ({ req, env }) => {
  const { pathname, search } = new URL(req.url);
  const body = await req.text();
  const user = readUser(req.header("authorization") ?? "");
  const count = await env.COUNTERS.getByName(user).fetch("http://counter/");
  if (!count.ok) return count;
  const { method, headers } = req.raw;
  return fetch(`${env.UPSTREAM_URL}${pathname}${search}`, { method, headers, body, redirect: "manual" });
});

function readUser(authorization: string): string {
  const payload = authorization.split(".")[1] ?? "";
  const { iss, sub }: { iss: string; sub: string } = JSON.parse(
    atob(payload.replaceAll("-", "+").replaceAll("_", "/")),
  );
  return `${iss} ${sub}`;
}

export default app;
