// Reading JSON that others wrote, without trusting its shape.

/** Undefined when it is not UTF-8 or not JSON (RFC 8259 allows no byte-order mark in what is sent). */
export function parseJson(source: string | Uint8Array, revive?: typeof keepDigits): unknown {
  const text = typeof source === "string" ? source : decodeUtf8(source);
  try {
    return text === null ? undefined : JSON.parse(text, revive);
  } catch {
    return undefined;
  }
}

declare global {
  interface JSON {
    rawJSON(text: string): object;
    isRawJSON(value: unknown): boolean;
  }
}

/** For what is printed again: a number that would come out otherwise (12345678901234567890, 1.10) becomes its own text. */
export function keepDigits(_name: string, value: unknown, context?: { source?: string }): unknown {
  const text = typeof value === "number" ? context?.source : undefined;
  return text === undefined || text === String(value) ? value : JSON.rawJSON(text);
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text as it is, its byte-order mark included; null when the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}

/** A member of an object's own: `{"__proto__":{…}}` lends nothing. */
export function memberOf(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
