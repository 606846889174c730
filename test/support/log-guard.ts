// Stands around every test in workerd: every line that is logged is searched for every token, signature, MAC and private key
// that was made in this isolate, by the tests or by the product, and for every body and URL that went through a test's
// gateway. A file in which one of them was logged fails, whatever its tests say.
import { afterAll, expect } from "vitest";
import { Secrets } from "./secrets.ts";

const LEVELS = ["debug", "error", "info", "log", "trace", "warn"];

const LONGEST_TOKEN = 16_384;

/** This file is run before each file of tests, and an isolate may have many. */
const HERE = Symbol.for("edge-actions.log-guard");

type LogGuard = { secrets: Secrets; leaks: string[] };

export const logGuard: LogGuard = theGuard();

afterAll(() => {
  expect(logGuard.leaks.splice(0), "secrets were logged").toEqual([]);
});

function theGuard(): LogGuard {
  const known: LogGuard | undefined = Reflect.get(globalThis, HERE);
  if (known !== undefined) return known;
  const guard: LogGuard = { secrets: new Secrets(), leaks: [] };
  Reflect.set(globalThis, HERE, guard);
  watchConsole(guard);
  watchCrypto(guard);
  return guard;
}

// A test may put a function of its own in the console's place, so what stands around it is the console.
function watchConsole(guard: LogGuard): void {
  const watched = new WeakMap<object, object>();
  const around = new Proxy(console, {
    get(target, member) {
      const method: unknown = Reflect.get(target, member);
      if (typeof method !== "function" || !LEVELS.includes(String(member))) return method;
      const known = watched.get(method);
      if (known !== undefined) return known;
      const watcher = (...words: unknown[]): unknown => {
        checkLine(guard, words.map(toText).join(" "));
        return Reflect.apply(method, target, words);
      };
      // A spy is asked for what it has seen, and may find the watcher where it looks for the function that was there.
      watched.set(method, Object.assign(watcher, method)).set(watcher, watcher);
      return watcher;
    },
  });
  Reflect.set(globalThis, "console", around);
}

function checkLine(guard: LogGuard, line: string): void {
  const secret = guard.secrets.findIn(line);
  if (secret !== null) guard.leaks.push(`${secret} in ${line}`);
}

function toText(word: unknown): string {
  if (word instanceof Error) return word.stack ?? word.message;
  return typeof word === "string" ? word : JSON.stringify(word);
}

/** Every signature and MAC, with what it was made of where that is a token's; what was derived; every private key that left WebCrypto. */
function watchCrypto({ secrets }: LogGuard): void {
  const subtle: SubtleCrypto = Object.getPrototypeOf(crypto.subtle);
  const sign = subtle.sign.bind(crypto.subtle);
  const deriveBits = subtle.deriveBits.bind(crypto.subtle);
  const exportKey = subtle.exportKey.bind(crypto.subtle);
  subtle.sign = async (algorithm, key, data) => {
    const signature = await sign(algorithm, key, data);
    for (const text of spellings(new Uint8Array(signature))) secrets.add(text);
    if (data.byteLength < LONGEST_TOKEN) secrets.addToken(new TextDecoder().decode(data));
    return signature;
  };
  subtle.deriveBits = async (algorithm, key, length) => {
    const bits = await deriveBits(algorithm, key, length);
    for (const text of spellings(new Uint8Array(bits))) secrets.add(text);
    return bits;
  };
  subtle.exportKey = async (format, key) => {
    const exported = await exportKey(format, key);
    if (!(exported instanceof ArrayBuffer)) secrets.addKey(exported);
    return exported;
  };
}

function spellings(bytes: Uint8Array): string[] {
  const base64 = btoa(String.fromCharCode(...bytes));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [base64, base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""), hex];
}
