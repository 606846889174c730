// Processes that a measurement needs beside it. Whatever was started here ends with this process.
import { type ChildProcess, fork, type Serializable } from "node:child_process";
import { once } from "node:events";

const started = new Set<ChildProcess>();
process.once("exit", endAll);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

export type Server = { port: number; pid: number };

/** Starts a module of this folder as a process, and waits until it says which port it listens on. */
export async function startServer(module: string, args: string[] = []): Promise<Server> {
  const child = fork(new URL(module, import.meta.url), args, {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  watch(child);
  const gone = once(child, "exit").then(() => {
    throw new Error(`${module} ended before it listened`);
  });
  const [message] = await Promise.race([once(child, "message"), gone]);
  child.unref();
  child.channel?.unref();
  return { port: portIn(message), pid: pidOf(child) };
}

export function watch(child: ChildProcess): void {
  started.add(child);
  child.once("exit", () => started.delete(child));
}

export function endAll(): void {
  for (const child of started) child.kill("SIGKILL");
}

export function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error("the process did not start");
  return child.pid;
}

function portIn(message: Serializable): number {
  if (typeof message === "object" && "port" in message && typeof message.port === "number")
    return message.port;
  throw new Error("the process named no port");
}

export async function countsAt(port: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = await (await fetch(`http://127.0.0.1:${port}/counts`)).json();
  return counts;
}
