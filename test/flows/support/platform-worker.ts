// Puts a gateway on the double of the platform: every fetch of it, and every evaluation of its flag, goes to platform.ts
// in the test's own process.

/** The host under which the double evaluates flags. */
export const FLAGSHIP = "flagship.double";

const NAME = "platform";

const SCRIPT = `
import { WorkerEntrypoint } from "cloudflare:workers";
export default { fetch: (request, env) => env.DOUBLE.fetch(request) };
export class Flags extends WorkerEntrypoint {
  async getBooleanDetails(...evaluation) {
    const init = { method: "POST", body: JSON.stringify(evaluation) };
    return (await this.env.DOUBLE.fetch("https://${FLAGSHIP}/", init)).json();
  }
}`;

/** A Worker's options with the double around it, and the Worker that stands between them. `address`: the double's host and port. */
export function onPlatform<Options extends { compatibilityDate: string; serviceBindings: object }>(
  gateway: Options,
  address: string,
) {
  const { compatibilityDate, serviceBindings } = gateway;
  const flags = { FLAGS: { name: NAME, entrypoint: "Flags" } };
  return [
    { ...gateway, outboundService: NAME, flagship: {}, serviceBindings: { ...serviceBindings, ...flags } },
    {
      name: NAME,
      compatibilityDate,
      modules: true,
      script: SCRIPT,
      serviceBindings: { DOUBLE: { external: { address, http: {} } } },
    },
  ];
}
