// The real bundle of the gateway, with the sandbox behind it, in a workerd of this test's own. Storage is its own too,
// and gone with it. It is quick to start, and its objects can be evicted. Not for what leaves by the network (another
// upstream, callbacks): the harness sends that through Node's fetch, which follows other rules. Take a process there.
import { createTestHarness, type WorkerHandle } from "wrangler";
import { devSettings } from "../../../scripts/dev-keys.ts";
import { expectNoSecretIn } from "./secrets.ts";

export type Harness = {
  /** Origin, without a trailing slash. */
  url: string;
  /** The gateway's own log lines so far, oldest first. */
  logs(): LogLine[];
  /** Takes every gate's memory away; what it stored stays. */
  evictGates(): Promise<void>;
  /** Throws when a secret was logged. */
  close(): Promise<void>;
};

export type LogLine = { event: string; request_id?: string; [field: string]: unknown };

/** A machine that is busy with other tests is no upstream in trouble. */
const PATIENT = { UPSTREAM_TIMEOUT_MS: "60000" };

export async function startHarness(
  options: { vars?: Record<string, string>; secrets?: Record<string, string> } = {},
): Promise<Harness> {
  const secrets = {
    ...(await devSettings()),
    ...options.secrets,
  };
  const harness = createTestHarness({
    workers: [
      { configPath: "wrangler.toml", vars: { ...PATIENT, ...options.vars }, secrets },
      { configPath: "sandbox/wrangler.toml" },
    ],
  });
  const { url } = await harness.listen();
  return {
    url: url.origin,
    logs: () => harness.getLogs().flatMap(({ message }) => logLine(message)),
    evictGates: () => evictAll(harness.getWorker("edge-actions")),
    close: async () => {
      const messages = harness.getLogs().map(({ message }) => message);
      await harness.close();
      await expectNoSecretIn(messages.join("\n"));
    },
  };
}

async function evictAll(gateway: WorkerHandle): Promise<void> {
  const ids = await gateway.listDurableObjectIds("UserGate");
  await Promise.all(ids.map((id) => evict(gateway, id)));
}

async function evict(gateway: WorkerHandle, id: string): Promise<void> {
  try {
    await gateway.evictDurableObject("UserGate", { id });
  } catch (error) {
    // After ten quiet seconds the runtime has done it by itself.
    if (!(error instanceof Error && error.message.includes("not currently running"))) throw error;
  }
}

// The sandbox and the runtime write to the same place, not always in JSON.
function logLine(message: string): LogLine[] {
  if (!message.startsWith('{"time":')) return [];
  const line: LogLine = JSON.parse(message);
  return [line];
}
