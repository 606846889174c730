// A command that works when pasted, once TOKEN is set and the ids are one's own.
import { memberOf } from "../../platform/json.ts";
import { textOf } from "./schema.ts";

export type Shown = {
  url: string;
  method: string;
  parameters: readonly unknown[];
  needsToken: boolean;
  /** The JSON to send. */
  body: string | null;
};

/** A curl for one operation, its parameters filled with values of their kind. */
export function curlOf({ url, method, parameters, needsToken, body }: Shown): string {
  const named = parameters.map((parameter) => [textOf(parameter, "name"), parameter] as const);
  const filled = named
    .filter(([, parameter]) => textOf(parameter, "in") === "path")
    .reduce((path, [name, parameter]) => path.replace(`{${name}}`, valueOf(name, parameter)), url);
  const query = named
    .filter(
      ([, parameter]) => textOf(parameter, "in") === "query" && memberOf(parameter, "required") === true,
    )
    .map(([name, parameter]) => `${name}=${encodeURIComponent(valueOf(name, parameter))}`);
  const target = query.length === 0 ? filled : `${filled}?${query.join("&")}`;
  const parts = [
    `curl -s ${method === "GET" || (method === "POST" && body !== null) ? "" : `-X ${method} `}${quoted(target)}`,
    ...(needsToken ? ['-H "Authorization: Bearer $TOKEN"'] : []),
    ...(body === null ? [] : ["-H 'Content-Type: application/json'", `-d ${quoted(body)}`]),
  ];
  return parts.join(" \\\n  ");
}

function valueOf(name: string, parameter: unknown): string {
  const schema = memberOf(parameter, "schema");
  switch (textOf(schema, "format")) {
    case "uuid":
      return name === "run_id"
        ? "123e4567-e89b-12d3-a456-426614174000"
        : "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11";
    case "date-time":
      return name === "to" ? "2026-12-01T00:00:00Z" : "2026-11-01T00:00:00Z";
    default:
      return name.toUpperCase();
  }
}

/** For a shell, which reads nothing between single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
