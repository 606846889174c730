// What checks are made of. Each throws a Breach that says what was seen, in one line.
import { setTimeout as sleep } from "node:timers/promises";
import { Breach } from "./clause.ts";
import type { Answer } from "./http.ts";

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const POLL_EVERY_MS = 250;

export const expect = {
  that: expectThat,
  same: expectSame,
  match: expectMatch,
  members: expectMembers,
  status: expectStatus,
  error: expectError,
  header: expectHeader,
  noHeader: expectNoHeader,
  json: expectJson,
  near: expectNear,
};

function expectThat(isSo: boolean, seen: string): void {
  if (!isSo) throw new Breach(seen);
}

function expectSame(what: string, seen: unknown, wanted: unknown): void {
  expectThat(seen === wanted, `${what} is ${show(seen)}, not ${show(wanted)}`);
}

/** Each of these members of the value. */
function expectMembers(value: unknown, wanted: Record<string, unknown>): void {
  for (const [name, one] of Object.entries(wanted)) expectSame(name, at(value, name), one);
}

function expectMatch(what: string, seen: unknown, pattern: RegExp): void {
  expectThat(typeof seen === "string" && pattern.test(seen), `${what} is ${show(seen)}, not as ${pattern}`);
}

function expectStatus(answer: Answer, ...wanted: number[]): void {
  const { request, status, text } = answer;
  expectThat(wanted.includes(status), `${request} answered ${status}, not ${wanted.join(" or ")}: ${text}`);
}

/** The body of an answer with one of these statuses. */
function expectJson(answer: Answer, ...wanted: number[]): unknown {
  expectStatus(answer, ...wanted);
  return toJson(answer);
}

function expectNear(what: string, seen: number, wanted: number, by: number): void {
  expectThat(Math.abs(seen - wanted) <= by, `${what} is ${seen}, not ${wanted} ± ${by}`);
}

/** An error of this status and code; gives back its object. */
function expectError(answer: Answer, status: number, code: string): unknown {
  const error = at(expectJson(answer, status), "errors", 0);
  expectSame(`the code of ${answer.request}`, at(error, "code"), code);
  return error;
}

function expectHeader(answer: Answer, name: string, pattern: RegExp): string {
  const value = answer.headers.get(name);
  expectMatch(`${name} of a ${answer.status} to ${answer.request}`, value, pattern);
  return value ?? "";
}

function expectNoHeader(answer: Answer, name: string): void {
  const value = answer.headers.get(name);
  expectThat(value === null, `a ${answer.status} to ${answer.request} has ${name}: ${value}`);
}

export function toJson({ request, text, status }: Answer): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    throw new Breach(`the ${status} to ${request} is no JSON: ${show(text)}`);
  }
}

/** The value at a path of members; undefined where there is none. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== "object" || found === null) return undefined;
    found = Object.entries(found).find(([name]) => name === String(key))?.[1];
  }
  return found;
}

export function listAt(value: unknown, ...path: (string | number)[]): unknown[] {
  const found = at(value, ...path);
  if (!Array.isArray(found)) throw new Breach(`${path.join("/")} is ${show(found)}, not an array`);
  return found;
}

export function textAt(value: unknown, ...path: (string | number)[]): string {
  const found = at(value, ...path);
  if (typeof found !== "string") throw new Breach(`${path.join("/")} is ${show(found)}, not a text`);
  return found;
}

/** The id of the run that a start was answered with. */
export function startedRun(answer: Answer): string {
  const id = textAt(expectJson(answer, 202), "data", "id");
  expectMatch("the run's id", id, UUID);
  return id;
}

/** Checks again and again until the check holds; its last breach counts when it never does. */
export async function eventually<T>(withinMs: number, check: () => Promise<T> | T): Promise<T> {
  const deadlineMs = Date.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (!(error instanceof Breach)) throw error;
      if (Date.now() > deadlineMs) throw new Breach(`${error.message} (${withinMs / 1000} s long)`);
    }
    await sleep(POLL_EVERY_MS);
  }
}

function show(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : (JSON.stringify(value) ?? "missing");
}
