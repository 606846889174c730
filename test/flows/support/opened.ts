// What a test file opens, and who closes it: nothing that is opened here has to be closed by hand.
import { afterAll, onTestFinished } from "vitest";
import { type Environment, makeFolder, removeFolder, userEnvironment } from "./environment.ts";
import { type GatewayProcess, startProcess, vars } from "./process.ts";

type Closable = { close(): unknown };

/** Until the tests of the file are over: at its top level. What was opened last is closed first. */
export async function forFile<C extends Closable>(opening: Promise<C>): Promise<C> {
  const opened = await opening;
  afterAll(async () => void (await opened.close()));
  return opened;
}

/** Until the test is over that opens it. */
export async function forTest<C extends Closable>(opening: Promise<C>): Promise<C> {
  const opened = await opening;
  onTestFinished(async () => void (await opened.close()));
  return opened;
}

/** A gateway with these settings. A machine that is busy with other tests is no upstream in trouble. */
export function gatewayWith(settings: Record<string, string | number> = {}): Promise<GatewayProcess> {
  return startProcess({ args: vars({ UPSTREAM_TIMEOUT_MS: 60_000, ...settings }) });
}

/** What a user's commands leave behind, and what they find. */
export async function userFolder(): Promise<{ folder: string; env: Environment }> {
  const folder = await makeFolder();
  afterAll(() => removeFolder(folder));
  return { folder, env: userEnvironment(folder) };
}
