// One look for all pages: colours come in pairs, light and dark, each text with 4.5:1 on its ground; lengths are steps of 4 px.
// A tone (good, warn, bad, accent, quiet) sets three colours; messages, chips, buttons and charts take theirs from it.
// The files that the pages need, from the Worker itself. They are the same for every visitor and name no user, so who asks
// gets them. A browser keeps them, and asks each time whether they are still the same (ETag).
import { Hono } from "hono";
import { etag } from "hono/etag";
import type { AppContext, AppEnv } from "../../http/context.ts";
import base from "../assets/base.css";
import js from "../assets/console.js";
import controls from "../assets/controls.css";
import data from "../assets/data.css";
import icon from "../assets/icon.svg";
import layout from "../assets/layout.css";
import screens from "../assets/screens.css";

/** In the order of the cascade: what the width of the screen decides stands last. */
const css = [base, layout, controls, data, screens].join("\n");

export function assets(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(etag());
  app.get("/console.css", (c) => serve(c, css, "text/css; charset=utf-8"));
  app.get("/console.js", (c) => serve(c, js, "text/javascript; charset=utf-8"));
  app.get("/icon.svg", (c) => serve(c, icon, "image/svg+xml"));
  return app;
}

function serve(c: AppContext, text: string, type: string): Response {
  return c.body(text, 200, { "content-type": type, "cache-control": "no-cache" });
}
