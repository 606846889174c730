// Prepared requests: the bytes that go over the wire, made once, so that the load costs next to nothing while it runs.
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";

/** In a body: a new UUID each time it is sent. */
export const FRESH_ID = "@FRESH-ID-IN-PLACE-OF-36-CHARACTERS@";

export type Call = { method: "GET" | "POST"; path: string; token: string; body: string | null };

/** What a contender is asked, in turn, and what it must answer. */
export type Plan = { calls: readonly Call[]; expectedStatus: number };

/** A request's bytes; in two parts where a fresh id goes between them. */
export type Prepared = [string] | [string, string];

function prepare({ method, path, token, body }: Call, host: string): Prepared {
  const head = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n`;
  if (body === null) return [`${head}\r\n`];
  const whole = `${head}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  const [before = "", after] = whole.split(FRESH_ID);
  return after === undefined ? [before] : [before, after];
}

/** For wrk: a Lua file that returns the calls of that port, prepared. They are returned here too. */
export function writeLua(file: string, calls: readonly Call[], port: number): Prepared[] {
  const requests = calls.map((call) => prepare(call, `127.0.0.1:${port}`));
  const quoted = requests.map((parts) => `{${parts.map(luaString).join(",")}}`);
  writeFileSync(file, `return {\n${quoted.join(",\n")}\n}\n`);
  return requests;
}

function luaString(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\r", "\\r").replaceAll("\n", "\\n")}"`;
}

/** The first 24 characters of a series of version 4 UUIDs; a counter of 12 hex digits follows. */
export function freshIdPrefix(): string {
  const hex = randomBytes(8).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-8${randomBytes(2).toString("hex").slice(0, 3)}-`;
}
