import { createApp } from "./app.ts";

export { UserGate } from "./gate/user-gate.ts";

const app = createApp();

export default { fetch: app.fetch } satisfies ExportedHandler<Env>;
