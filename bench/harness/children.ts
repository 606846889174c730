// Processes that a measurement needs beside it. Whatever was started here ends with this process.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const LISTENING_WITHIN_MS = 10_000;
const POLL_MS = 20;

const started = new Set<ChildProcess>();
process.once("exit", () => started.forEach((child) => child.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

export type Server = { port: number; pid: number };

/** Starts a module as a process, and waits until it says which port it listens on. */
export async function startServer(module: URL, args: string[] = []): Promise<Server> {
  const env = { ...process.env, NODE_ENV: "production" };
  const child = fork(module, args, { stdio: ["ignore", "ignore", "inherit", "ipc"], env });
  const { port } = await firstMessage<{ port: number }>(child);
  child.unref();
  child.channel?.unref();
  return { port, pid: pidOf(child) };
}

/** What it says first; throws when it ends before that. */
export async function firstMessage<T>(child: ChildProcess): Promise<T> {
  watch(child);
  const gone = once(child, "exit").then(() => {
    throw new Error("a process of the bench ended early");
  });
  const [message] = await Promise.race([once(child, "message"), gone]);
  return message;
}

export function watch(child: ChildProcess): void {
  started.add(child);
  child.once("exit", () => started.delete(child));
}

export function stop(pid: number): void {
  for (const child of started) if (child.pid === pid) child.kill("SIGKILL");
}

export function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error("the process did not start");
  return child.pid;
}

/** Of a server that cannot say by itself that it is ready. */
export async function untilListening(what: string, port: number): Promise<void> {
  const deadlineMs = Date.now() + LISTENING_WITHIN_MS;
  while (!(await accepts(port))) {
    if (Date.now() > deadlineMs) throw new Error(`${what} did not start`);
    await sleep(POLL_MS);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("connect", () => resolve(true)).once("connect", () => socket.destroy());
  });
}

export async function countsAt(port: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = await (await fetch(`http://127.0.0.1:${port}/counts`)).json();
  return counts;
}
