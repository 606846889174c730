import type { AppContext } from "../../http/context.ts";
import type { Overview, Span } from "../../operators/views.ts";
import { log } from "../../platform/observability/log.ts";
import { asked, found } from "../shell/api.ts";
import type { Feature } from "../shell/feature.ts";
import { type Given, givenIn, judge, parseChoice } from "../shell/parameters.ts";
import { buildFrame, render } from "../shell/render.tsx";
import { OverviewPage, UnavailableOverviewPage } from "./page.tsx";
import { overview as loadOverview } from "./query.ts";

const SPANS: readonly Span[] = ["hour", "day", "week"];

export const overview: Feature = [
  { path: "/overview", read: asked(parse, async (c, span) => found(await load(c, span))) },
  { path: "", page: showOverview },
];

function parse(given: Given): Span {
  return parseChoice(given, "span", SPANS) ?? "hour";
}

function load(c: AppContext, span: Span): Promise<Overview> {
  return loadOverview(c.env.METRICS_AGGREGATOR, span, Date.now());
}

async function showOverview(c: AppContext): Promise<Response> {
  // An unknown span is shown as the usual one.
  const parsed = await judge(() => parse(givenIn(c)));
  const span = parsed.kind === "ok" ? parsed.value : "hour";
  try {
    return await render(c, OverviewPage({ frame: buildFrame(c), view: await load(c, span) }));
  } catch (error) {
    log({ event: "console.unavailable", request_id: c.get("requestId"), error });
    c.get("notes").outcome = "unavailable";
    return render(c, UnavailableOverviewPage({ frame: buildFrame(c), view: span }), 503);
  }
}
