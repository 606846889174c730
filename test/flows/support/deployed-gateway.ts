// Stands where the deployed gateway would answer: it says the PUBLIC_URL and publishes the keys that its Worker in the
// account has, and is as ready as a test says.
import { openapiDocument } from "../../../src/contract/openapi.ts";
import { LocalServer } from "./local-server.ts";

type Bound = { name: string; text?: unknown };
type Worker = { secrets: ReadonlyMap<string, string>; versions: readonly { bindings: readonly Bound[] }[] };
type Account = { workers: ReadonlyMap<string, Worker> };

/** By dependency, as /readyz names them. */
export const ALL_OK: Readonly<Record<string, string>> = {
  gate: "ok",
  kv: "ok",
  operators_index: "ok",
  flags: "ok",
  upstream: "ok",
  signing_keys: "ok",
  issuer_keys: "ok",
};

export class DeployedGateway extends LocalServer {
  states = ALL_OK;
  /** By path, with the status: what it answers in place of that. */
  readonly answers = new Map<string, [status: number, body: unknown]>();

  constructor({ workers }: Account, name: string) {
    super((request, response) => {
      const isReady = Object.values(this.states).every((state) => state === "ok");
      const worker = workers.get(name);
      const usual: Record<string, () => [status: number, body: unknown]> = {
        "/readyz": () => [
          isReady ? 200 : 503,
          { status: isReady ? "ready" : "not_ready", dependencies: this.states },
        ],
        "/openapi.json": () => [200, openapiDocument(findPublicUrl(worker))],
        "/.well-known/jwks.json": () => [200, publicSet(worker?.secrets.get("SIGNING_KEYS"))],
      };
      const path = request.url ?? "";
      const [status, body] = this.answers.get(path) ?? usual[path]?.() ?? [404, {}];
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  }
}

function findPublicUrl(worker: Worker | undefined): string {
  const bound = worker?.versions.at(-1)?.bindings.find(({ name }) => name === "PUBLIC_URL");
  return String(bound?.text);
}

function publicSet(signingKeys: string | undefined): { keys: object[] } {
  const { keys }: { keys: Record<string, unknown>[] } = JSON.parse(signingKeys || '{"keys":[]}');
  return { keys: keys.map(({ d: _private, ...key }) => key) };
}
