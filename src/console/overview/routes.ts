import type { AppContext } from "../../http/context.ts";
import { recentStates } from "../../http/routes/readyz.ts";
import type { Overview, Span } from "../../operators/views.ts";
import { asked, found } from "../shell/api.ts";
import type { Feature } from "../shell/feature.ts";
import { type Given, givenIn, judge, parseChoice } from "../shell/parameters.ts";
import { buildFrame, page, render } from "../shell/render.tsx";
import { overview as loadOverview } from "./overview.ts";
import { OverviewPage, UnavailableOverviewPage } from "./page.tsx";

const SPANS: readonly Span[] = ["hour", "day", "week"];

export const overview: Feature = [
  { path: "/overview", read: asked(parse, async (c, span) => found(await load(c, span))) },
  { path: "", page: page(renderOverview, renderUnavailable) },
];

function parse(given: Given): Span {
  return parseChoice(given, "span", SPANS) ?? "hour";
}

function load(c: AppContext, span: Span): Promise<Overview> {
  return loadOverview(c.get("services"), () => recentStates(c), span, Date.now());
}

async function renderOverview(c: AppContext): Promise<Response> {
  const seen = await load(c, await parseSpan(c));
  return render(c, OverviewPage({ frame: buildFrame(c), view: seen }));
}

async function renderUnavailable(c: AppContext): Promise<Response> {
  return render(c, UnavailableOverviewPage({ frame: buildFrame(c), view: await parseSpan(c) }), 503);
}

/** On the page an unknown span is the usual one. */
async function parseSpan(c: AppContext): Promise<Span> {
  const span = await judge(() => parse(givenIn(c)));
  return span.kind === "ok" ? span.value : "hour";
}
