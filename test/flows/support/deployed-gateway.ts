// Stands where the deployed gateway would answer: it publishes the keys that its Worker in the account has, and is as
// ready as a test says.
import { LocalServer } from "./local-server.ts";

type Account = { secretOf: (worker: string, name: string) => string | undefined };

export class DeployedGateway extends LocalServer {
  /** By dependency, as /readyz names them. */
  states: Record<string, string> = { gate: "ok", kv: "ok", operators_index: "ok", upstream: "ok" };
  /** By path, with the status: what it answers in place of that. */
  readonly answers = new Map<string, [status: number, body: unknown]>();

  constructor(account: Account, worker: string) {
    super((request, response) => {
      const isReady = Object.values(this.states).every((state) => state === "ok");
      const usual: [number, unknown] = request.url?.endsWith("/readyz")
        ? [isReady ? 200 : 503, { status: isReady ? "ready" : "not_ready", dependencies: this.states }]
        : [200, publicSet(account.secretOf(worker, "SIGNING_KEYS"))];
      const [status, body] = this.answers.get(request.url ?? "") ?? usual;
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  }
}

function publicSet(signingKeys: string | undefined): { keys: object[] } {
  const { keys }: { keys: Record<string, unknown>[] } = JSON.parse(signingKeys || '{"keys":[]}');
  return { keys: keys.map(({ d: _private, ...key }) => key) };
}
