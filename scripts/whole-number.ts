import { parseArgs } from "node:util";
import { Failure } from "./failure.ts";

/** The value of a command's option. Throws a Failure. */
export function parseWholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Failure(`${option} must be a whole number above 0.`);
}

/** The options of a command that takes whole numbers alone. Throws a Failure, or what `parseArgs` throws. */
export function readWholeNumbers<T extends Record<string, number>>(defaults: T): T {
  const names = Object.keys(defaults);
  const { values } = parseArgs({
    options: Object.fromEntries(names.map((name) => [name, { type: "string" as const }])),
  });
  const read = (name: string) => parseWholeNumber(`--${name}`, String(values[name] ?? defaults[name]));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same names
  return Object.fromEntries(names.map((name) => [name, read(name)])) as T;
}
