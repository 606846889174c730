// Takes JSON apart without reading it, so that 12345678901234567890, 1.10 and 1e400 stay as they were written.
// It trusts its input to be valid JSON (JSON.parse has been over it) and never recurses: depth is the sender's choice.

/** The members of an object, each value as its exact source text; empty for any other value. The last of two equal names stands. */
export function members(text: string): Map<string, string> {
  const found = new Map<string, string>();
  const open = skipBlanks(text, 0);
  if (text[open] !== "{") return found;
  let at = skipBlanks(text, open + 1);
  while (text[at] === '"') {
    const nameEnd = skipString(text, at);
    const valueStart = skipMark(text, nameEnd);
    const valueEnd = skipValue(text, valueStart);
    found.set(String(JSON.parse(text.slice(at, nameEnd))), text.slice(valueStart, valueEnd));
    at = skipMark(text, valueEnd);
  }
  return found;
}

function skipValue(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return skipString(text, start);
  if (first === "{" || first === "[") return skipContainer(text, start);
  let at = start;
  while (at < text.length && !endsScalar(text.charCodeAt(at))) at += 1;
  return at;
}

function skipContainer(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const char = text[at];
    if (char === '"') {
      at = skipString(text, at);
      continue;
    }
    if (char === "{" || char === "[") depth += 1;
    if (char === "}" || char === "]") depth -= 1;
    at += 1;
    if (depth === 0) break;
  }
  return at;
}

function skipString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

/** Past a colon, a comma or a closing brace, and the blanks on both sides of it. */
function skipMark(text: string, at: number): number {
  return skipBlanks(text, skipBlanks(text, at) + 1);
}

function skipBlanks(text: string, start: number): number {
  let at = start;
  while (at < text.length && isBlank(text.charCodeAt(at))) at += 1;
  return at;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function endsScalar(code: number): boolean {
  return isBlank(code) || code === 0x2c || code === 0x5d || code === 0x7d;
}
