import { Failure } from "./failure.ts";

/** The value of a command's option. Throws a Failure. */
export function parseWholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Failure(`${option} must be a whole number above 0.`);
}
