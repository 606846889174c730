// A command that works when pasted, once TOKEN is set and the ids are one's own.
import type { Operation, Parameter } from "../../contract/parts.ts";

type Called = Pick<Operation, "parameters" | "requestBody" | "security">;

/** A curl for one operation: its required parameters have values of their kind, its body is the first example. */
export function toCurl(url: string, method: string, operation: Called): string {
  const required = (operation.parameters ?? []).filter((parameter) => parameter.required);
  const target = required.reduce(fillIn, url);
  const [example] = Object.values(operation.requestBody?.content["application/json"].examples ?? {});
  const implied = example === undefined ? "GET" : "POST";
  return [
    `curl -s ${method === implied ? "" : `-X ${method} `}${quote(target)}`,
    ...(operation.security.length === 0 ? [] : ['-H "Authorization: Bearer $TOKEN"']),
    ...(example === undefined
      ? []
      : ["-H 'Content-Type: application/json'", `-d ${quote(toText(example.value))}`]),
  ].join(" \\\n  ");
}

/** An example as it travels; JSON is spread over lines. */
export function toText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function fillIn(url: string, { in: place, name, schema }: Parameter): string {
  const value = sample(name, schema.format);
  if (place === "path") return url.replace(`{${name}}`, value);
  return `${url}${url.includes("?") ? "&" : "?"}${name}=${encodeURIComponent(value)}`;
}

function sample(name: string, format: string | undefined): string {
  if (name === "run_id") return "123e4567-e89b-12d3-a456-426614174000";
  if (format === "uuid") return "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";
  if (format === "date-time") return name === "to" ? "2026-12-01T00:00:00Z" : "2026-11-01T00:00:00Z";
  return name.toUpperCase();
}

/** For a shell, which reads nothing between single quotes. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
