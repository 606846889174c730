// UUID version 5 (RFC 9562, section 5.5): SHA-1 over a namespace and a name, so the same two always make the same UUID.
// It names things and keeps no secret: a caller who knows both parts can compute it.

import { toHex } from "./hash.ts";

const BYTES = 16;

export async function uuidV5(namespace: string, name: string): Promise<string> {
  const hashed = new Uint8Array([...parseBytes(namespace), ...new TextEncoder().encode(name)]);
  const uuid = new DataView(await crypto.subtle.digest("SHA-1", hashed), 0, BYTES);
  uuid.setUint8(6, (uuid.getUint8(6) & 0x0f) | 0x50);
  uuid.setUint8(8, (uuid.getUint8(8) & 0x3f) | 0x80);
  return format(uuid);
}

function parseBytes(uuid: string): number[] {
  return (uuid.match(/[0-9a-f]{2}/gi) ?? []).map((byte) => Number.parseInt(byte, 16));
}

function format(uuid: DataView): string {
  const hex = toHex(new Uint8Array(uuid.buffer, 0, BYTES));
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
