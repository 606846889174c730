import { app } from "./app.ts";

export { SandboxAccount } from "./account.ts";
export default { fetch: app.fetch } satisfies ExportedHandler<SandboxEnv>;
