// A file of settings, read as wrangler reads it (with dotenv): lines NAME=VALUE, values in quotes over several lines too.

export type EnvFile = {
  settings: Record<string, string>;
  /** Numbers of the lines that are neither an assignment nor a comment: wrangler takes no notice of them. */
  strayLines: number[];
};

const ASSIGNMENT =
  /^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\n]+)?\s*(?:#.*)?$/gm;
const IN_QUOTES = /^(['"`])(.*)\1$/s;

export function parseEnvFile(file: string): EnvFile {
  const text = file.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n");
  const settings: Record<string, string> = {};
  for (const [, name = "", value = ""] of text.matchAll(ASSIGNMENT))
    settings[name] = parseValue(value.trim());
  return { settings, strayLines: findStrayLines(text) };
}

function parseValue(text: string): string {
  const [, quote, inner] = IN_QUOTES.exec(text) ?? [];
  if (inner === undefined) return text;
  return quote === '"' ? inner.replaceAll("\\n", "\n").replaceAll("\\r", "\r") : inner;
}

function findStrayLines(text: string): number[] {
  const rest = text.replaceAll(ASSIGNMENT, (assignment) => assignment.replaceAll(/[^\n]/g, ""));
  return rest.split("\n").flatMap((line, at) => (/^\s*(?:#|$)/.test(line) ? [] : [at + 1]));
}
