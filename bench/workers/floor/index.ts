// A proxy and nothing else: the same router, the same upstream, the body streamed through.
import { Hono } from "hono";

const app = new Hono<{ Bindings: { UPSTREAM_URL: string } }>();
app.all("*", ({ req, env }) => {
  const { pathname, search } = new URL(req.url);
  const { method, headers, body } = req.raw;
  return fetch(`${env.UPSTREAM_URL}${pathname}${search}`, { method, headers, body, redirect: "manual" });
});

export default app;
