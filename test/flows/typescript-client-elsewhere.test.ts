// The TypeScript client outside of Node: in a Worker and in a browser, with a start that the sandbox fails at first.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { expect, it } from "vitest";
import { launchBrowser, Visitor } from "./support/browser.ts";
import { buildClient } from "./support/built-client.ts";
import { actionId, Caller } from "./support/caller.ts";
import { LocalServer } from "./support/local-server.ts";
import { forFile, forTest, gatewayWith, userFolder } from "./support/opened.ts";

const MODULES = ["client", "error", "http", "retry"];
/** A 503 with Retry-After, which the gateway passes on at once. */
const INPUTS = { failures: 1 };
const CALL = `
import { ActionsClient } from "./client.js";

export async function call({ baseUrl, token, action, inputs }) {
  const events = [];
  const client = new ActionsClient({ baseUrl, token: () => token });
  const onProgress = (event) => events.push(event.kind);
  const { status, results } = await client.run(action, inputs, { onProgress });
  return { status, results, events };
}
`;
const WORKER = `
import { call } from "./call.js";

export default { fetch: async (request) => Response.json(await call(await request.json())) };
`;
const EXPECTED = { status: "success", results: [INPUTS], events: ["retrying", "started", "waiting"] };

const gateway = await forFile(gatewayWith());
const { folder, env } = await userFolder();
await buildClient(folder, env);
const dist = join(folder, "dist");
await writeFile(join(dist, "call.js"), CALL);
await writeFile(join(dist, "worker.js"), WORKER);

async function describeCall(baseUrl: string) {
  const { token } = await Caller.of(gateway.url);
  return { baseUrl, token, action: actionId("0007"), inputs: INPUTS };
}

it("in a Worker a start is repeated, and its result comes", async () => {
  const paths = ["worker", "call", ...MODULES].map((name) => join(dist, `${name}.js`));
  const modules = paths.map((path) => ({ type: "ESModule" as const, path }));
  const worker = {
    name: "caller",
    compatibilityDate: "2026-01-01",
    rootPath: dist,
    modulesRoot: dist,
    modules,
  };
  const options = convertV4MiniflareOptions({ cf: false, telemetry: { enabled: false }, workers: [worker] });
  const miniflare = new Miniflare(options);
  await forTest(Promise.resolve({ close: () => miniflare.dispose() }));
  const body = JSON.stringify(await describeCall(gateway.url));
  const answer = await miniflare.dispatchFetch("http://caller.example/", { method: "POST", body });
  expect(JSON.parse(await answer.text())).toEqual(EXPECTED);
});

it("in a browser it does so too, through a proxy on the page's own origin", async () => {
  const site = await forTest(
    LocalServer.listen(async (request, response) => {
      const { method = "", url = "", headers } = request;
      if (!url.startsWith("/actions/")) {
        const isModule = /^\/\w+\.js$/.test(url);
        response.setHeader("content-type", isModule ? "text/javascript" : "text/html");
        return response.end(
          isModule ? await readFile(join(dist, url)) : "<!doctype html><title>A caller</title>",
        );
      }
      const { authorization = "" } = headers;
      const body = method === "POST" ? await buffer(request) : null;
      const onward = { "content-type": "application/json", authorization };
      const answer = await fetch(new URL(url, gateway.url), { method, headers: onward, body });
      return response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
    }),
  );
  const browser = await forTest(launchBrowser());
  const { page } = await Visitor.of(browser, site.url);
  await page.goto("/");
  const script = `import("/call.js").then(({ call }) => call(${JSON.stringify(await describeCall(site.url))}))`;
  expect(await page.evaluate(script)).toEqual(EXPECTED);
});
