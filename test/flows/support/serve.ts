// node serve.ts --bundles DIR --port N --persist-to DIR [--var NAME:VALUE]… [--secrets FILE] [--platform HOST:PORT]
// [--sandbox-port N]: the gateway as it is deployed, minified and without what `wrangler dev` puts around it, with the sandbox
// behind it, in one workerd, and with `--platform` on a double of the platform (platform.ts).
// Prints READY when it listens, and what the Workers log.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { readModules } from "../../../scripts/bundle.ts";
import { devSettings } from "../../../scripts/dev-keys.ts";
import { makeOperatorsTables } from "../../../scripts/operators-tables.ts";
import { onPlatform } from "./platform-worker.ts";

const HOST = "127.0.0.1";
/** Where wrangler keeps what is stored, below the folder that it is given. */
const STORAGE = "v3";

const { values } = parseArgs({
  options: {
    bundles: { type: "string", default: "" },
    port: { type: "string", default: "" },
    "persist-to": { type: "string", default: "" },
    var: { type: "string", multiple: true, default: [] },
    // A JSON file of names and values: arguments can be seen by all users of the machine.
    secrets: { type: "string" },
    platform: { type: "string" },
    // For requests past the gateway.
    "sandbox-port": { type: "string" },
  },
});

await makeOperatorsTables(values["persist-to"], process.env);
const settings = {
  ...(await devSettings()),
  PUBLIC_URL: `http://${HOST}:${values.port}`,
  ...(values.secrets === undefined ? {} : parseFile(values.secrets)),
  ...Object.fromEntries(values.var.map(nameAndValue)),
};
const gateway = {
  ...workerIn("gateway"),
  name: "edge-actions",
  bindings: settings,
  unsafeDirectSockets: [{ host: HOST, port: Number(values.port) }],
  stripCfConnectingIp: false,
};
const sandbox = {
  ...workerIn("sandbox"),
  name: "edge-actions-sandbox",
  bindings: { COMPLETION_TOKEN: settings.COMPLETION_TOKEN.split(" ")[0] },
  ...(values["sandbox-port"] !== undefined && {
    unsafeDirectSockets: [{ host: HOST, port: Number(values["sandbox-port"]) }],
  }),
};
const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    resourcePersistencePath: resolve(values["persist-to"], STORAGE),
    cf: false,
    telemetry: { enabled: false },
    workers: [...(values.platform === undefined ? [gateway] : onPlatform(gateway, values.platform)), sandbox],
  }),
);
await miniflare.ready;
console.log("READY");

function workerIn(bundle: string) {
  const folder = join(values.bundles, bundle);
  const options = parseFile(`${folder}.json`);
  return { ...options, rootPath: folder, modulesRoot: folder, modules: readModules(folder) };
}

function parseFile(file: string) {
  return JSON.parse(readFileSync(file, "utf8"));
}

function nameAndValue(setting: string): [string, string] {
  const at = setting.indexOf(":");
  return [setting.slice(0, at), setting.slice(at + 1)];
}
