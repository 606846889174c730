// What a feature serves: a list of paths, each with what answers there. Most questions are answered twice, as JSON and as a
// page, and most actions are taken twice, from JSON and from a form: each is defined once, for both.
import type { JSX } from "hono/jsx/jsx-runtime";
import type { AppContext } from "../../http/context.ts";
import type { Acted } from "../../operators/audit.ts";
import type { Problem } from "../../platform/errors.ts";
import { acting, asked, found } from "./api.ts";
import type { FlashCode } from "./flash.ts";
import type { SearchPageProps } from "./layout.tsx";
import { type Given, givenIn, judge, type Parse, withSeconds } from "./parameters.ts";
import { buildFrame, goTo, type Handler, notFoundPage, page, render, renderProblem } from "./render.tsx";

/** `path` is below the console's root, for pages, and below its API's. */
export type Route = {
  path: string;
  /** JSON, to GET and to POST. */
  read?: Handler;
  post?: Handler;
  /** Pages, and what their forms do. */
  page?: Handler;
  form?: Handler;
};

/** What the form of an action may hold. */
const FIELDS = ["user", "run_id", "dismissal", "limit", "until", "host"];

export type Feature = readonly Route[];

type View<Q, V extends object | null> = {
  path: string;
  parse: Parse<Q>;
  /** Null when it is not on record. */
  load: (c: AppContext, question: Q) => Promise<V | null>;
  Page: (props: SearchPageProps<V>) => JSX.Element;
  /** Of a page with a search form, which says what is wrong with it. On other pages a bad question is a 404. */
  FaultPage?: (props: SearchPageProps<null>) => JSX.Element;
  /** What the API says when it is not on record. */
  missing?: Problem;
  /** Where a page may lead on to when it is not on record. */
  elsewhere?: (question: Q) => string | null;
};

export function view<Q, V extends object | null>(definition: View<Q, V>): Route {
  const { path, parse, load, Page, FaultPage, missing, elsewhere } = definition;
  return {
    path,
    read: asked(parse, async (c, question) => found(await load(c, question), missing)),
    page: page(async (c) => {
      const given = givenIn(c);
      const question = await judge(() => parse(withTimes(given), c));
      if (question.kind === "invalid") {
        if (FaultPage === undefined) return notFoundPage(c);
        const content = FaultPage({ frame: buildFrame(c), view: null, given, fault: question.detail });
        return render(c, content, 400);
      }
      const seen = await load(c, question.value);
      if (seen !== null) return render(c, Page({ frame: buildFrame(c), view: seen, given, fault: null }));
      const location = elsewhere?.(question.value) ?? null;
      return location === null ? notFoundPage(c) : c.redirect(location, 303);
    }),
  };
}

export type Action<Q, A extends Acted> = {
  path: string;
  parse: Parse<Q>;
  /** Null when what it is about is not on record. */
  perform: (c: AppContext, question: Q) => Promise<A | null>;
  /** Of the API's answer when it is done; and what it says when it is not on record. */
  status: 200 | 202;
  missing?: Problem;
  /** The page that comes after a form, null where there is none; and what it says when it is done. */
  next: (question: Q, acted: A | null) => string | null;
  said: FlashCode;
};

export function action<Q, A extends Acted>(definition: Action<Q, A>): Route {
  const { path, parse, perform, status, missing } = definition;
  return {
    path,
    post: asked(parse, async (c, question) => acting(await perform(c, question), status, missing)),
    form: page(async (c) => {
      const form = await readForm(c);
      const fields = FIELDS.map((name) => [name, form.get(name) ?? ""]);
      return submit(c, definition, { ...withTimes(Object.fromEntries(fields)), ...c.req.param() });
    }),
  };
}

/** Does what a form asks for, and leads on to the page that says so. */
export async function submit<Q, A extends Acted>(
  c: AppContext,
  { parse, perform, next, said }: Action<Q, A>,
  given: Given,
): Promise<Response> {
  const question = await judge(() => parse(given, c));
  if (question.kind === "invalid") {
    // A run id may be a field of the form; everything else that the path names is a thing that is not there.
    const isOfPath = question.parameter !== "run_id" && c.req.param(question.parameter) !== undefined;
    return isOfPath ? notFoundPage(c) : badForm(c, question.detail);
  }
  const acted = await perform(c, question.value);
  const path = next(question.value, acted);
  return path === null ? notFoundPage(c) : goTo(c, path, acted?.outcome === "done" ? said : "not_now");
}

/** `detail`: which field is at fault, and what it must be. */
export function badForm(c: AppContext, detail?: string): Promise<Response> {
  c.get("notes").outcome = "malformed";
  return renderProblem(c, "bad_form", detail);
}

/** Whatever is no form of ours is an empty one. */
export async function readForm(c: AppContext): Promise<URLSearchParams> {
  const type = c.req.header("content-type") ?? "";
  if (!type.startsWith("application/x-www-form-urlencoded")) return new URLSearchParams();
  return new URLSearchParams(new TextDecoder().decode(await c.req.arrayBuffer()));
}

function withTimes(given: Given): Given {
  const times = ["from", "to", "until"].map((name) => [name, withSeconds(given[name] ?? "")]);
  return { ...given, ...Object.fromEntries(times) };
}
