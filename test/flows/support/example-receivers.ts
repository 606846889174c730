// The receivers under examples/, started for a test: in its own process, or with the command that people copy.
import { spawn } from "node:child_process";
import { request as httpRequest, type Server } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { vi } from "vitest";
import { type Delivery, ORIGIN, type SigningGateway, USER } from "./callback-forgeries.ts";
import { freePort, listening, PROJECT, portOf } from "./environment.ts";
import { until } from "./process.ts";

export const NODE_JOSE = join(PROJECT, "examples/node-jose/receiver.mjs");
const PYTHON_JWT = join(PROJECT, "examples/python-pyjwt/receiver.py");

/** Those that verify `v1` with a stock library. */
export const STOCK_RECEIVERS = {
  "node-standard-webhooks": join(PROJECT, "examples/node-standard-webhooks/receiver.mjs"),
  "node-svix": join(PROJECT, "examples/node-svix/receiver.mjs"),
};

/** By the folder of the example that verifies the token: the command, without its options. */
export const COMMANDS = {
  "node-jose": { program: process.execPath, file: NODE_JOSE },
  // Debian's, for which its python3-jwt is: a version manager's may hide it.
  "python-pyjwt": { program: "/usr/bin/python3", file: PYTHON_JWT },
};
type ExampleName = keyof typeof COMMANDS;
export const FOR_USER = ["--user", USER.issuer, USER.subject];
const FOR_CLIENT = ["--origin", ORIGIN, ...FOR_USER];

export type ExampleReceiver = {
  url: string;
  /** What it has handed on, oldest first. */
  handedOn(): { runId: string; run: unknown }[];
  /** Why it has refused, oldest first: what it has printed on stderr. */
  reasons(): string[];
  close(): void;
};

type User = typeof USER;
type Example = {
  createReceiver: (options: {
    gatewayUrl: string;
    origin: string;
    isExpectedUser(user: User): boolean;
    onRun(runId: string, run: unknown, user: User): void;
  }) => Server;
};

/** For callbacks to ORIGIN about runs of USER. */
export async function inProcess(gateway: SigningGateway, file: string): Promise<ExampleReceiver> {
  const { createReceiver }: Example = await import(pathToFileURL(file).href);
  const handedOn: { runId: string; run: unknown; user: User }[] = [];
  const server = createReceiver({
    gatewayUrl: gateway.url,
    origin: ORIGIN,
    isExpectedUser: ({ issuer, subject }) => issuer === USER.issuer && subject === USER.subject,
    onRun: (runId, result, user) => void handedOn.push({ runId, run: result, user }),
  });
  return listen(server, handedOn);
}

type StockExample = {
  createReceiver: (options: { secrets: string[]; onRun(runId: string, run: unknown): void }) => Server;
};

/** For callbacks that one of the secrets signs. */
export async function stockInProcess(file: string, secrets: string[]): Promise<ExampleReceiver> {
  const { createReceiver }: StockExample = await import(pathToFileURL(file).href);
  const handedOn: { runId: string; run: unknown }[] = [];
  const onRun = (runId: string, result: unknown) => void handedOn.push({ runId, run: result });
  return listen(createReceiver({ secrets, onRun }), handedOn);
}

async function listen(server: Server, handedOn: { runId: string; run: unknown }[]): Promise<ExampleReceiver> {
  const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  await listening(server);
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    handedOn: () => handedOn,
    reasons: () => toLines(stderr.mock.calls.map(([text]) => String(text)).join("")),
    close: () => {
      stderr.mockRestore();
      server.close().closeAllConnections();
    },
  };
}

/** The command of an example. It prints what it hands on. */
export async function asCommand(
  gateway: { url: string },
  name: ExampleName,
  options: readonly string[] = FOR_CLIENT,
): Promise<ExampleReceiver> {
  const { program, file } = COMMANDS[name];
  return started(program, [file, "--gateway", gateway.url, ...options]);
}

/** The command of an example that verifies `v1`. */
export async function stockAsCommand(
  file: string,
  secrets: string[],
  options: readonly string[] = [],
): Promise<ExampleReceiver> {
  return started(process.execPath, [file, ...options], { CALLBACK_SECRETS: secrets.join(" ") });
}

async function started(
  program: string,
  options: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<ExampleReceiver> {
  const port = await freePort();
  const child = spawn(program, [...options, "--port", String(port)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const printed = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      printed[stream] += text;
    });
  const ready = `listening on http://127.0.0.1:${port}\n`;
  await until("the receiver", 15_000, () => printed.stdout.includes(ready));
  return {
    url: `http://127.0.0.1:${port}`,
    handedOn: () =>
      Array.from(printed.stdout.matchAll(/^run (\S+): (.*)\n/gm), ([, runId = "", json = ""]) => ({
        runId,
        run: JSON.parse(json),
      })),
    // Python's server prints each request too.
    reasons: () => toLines(printed.stderr).filter((line) => !/"POST \/\S* HTTP\/1.1" \d+ -$/.test(line)),
    close: () => void child.kill("SIGKILL"),
  };
}

export async function post(
  { url }: Pick<ExampleReceiver, "url">,
  { headers, body }: Delivery,
): Promise<number> {
  const response = await fetch(`${url}/hook`, { method: "POST", headers, body });
  await response.arrayBuffer();
  return response.status;
}

/** Announces a body, and sends it when it is asked for. */
export function announce(
  { url }: ExampleReceiver,
  headers: Record<string, string>,
  bytes: number,
): Promise<number | undefined> {
  const request = httpRequest(`${url}/hook`, {
    method: "POST",
    headers: { ...headers, "content-length": String(bytes), expect: "100-continue" },
  });
  request.once("continue", () => request.end(Buffer.alloc(bytes, " ")));
  return new Promise((resolve, reject) => {
    request.once("error", reject).once("response", (response) => {
      resolve(response.statusCode);
      request.destroy();
    });
  });
}

function toLines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
