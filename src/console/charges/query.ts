// The span of an export of charges, and where its next page begins.

import { BEGINNING, type RegistryPosition } from "../../operators/registry.ts";
import { decodeOpaque, encodeOpaque } from "../../platform/opaque.ts";
import { parseUsageQuery } from "../../runs/usage-query.ts";
import { BadParameter, type Given } from "../shell/parameters.ts";

/** `toMs` is not part of it. */
export type ExportSpan = { fromMs: number; toMs: number };

/** `inside`: the gate of which some charges were given already, and the moment of its next one. */
export type ExportPosition = RegistryPosition & { inside: { gate: string; fromMs: number } | null };

export type ChargesQuery = { span: ExportSpan; position: ExportPosition };

/**
 * A span is complete from then on: a gate registers within a minute of its first promise, KV shows that a minute later
 * everywhere, and clocks differ.
 */
const SETTLED_MS = 5 * 60_000;
const START: ExportPosition = { ...BEGINNING, inside: null };

export function parseChargesQuery(given: Given, nowMs: number): ChargesQuery {
  const usage = parseUsageQuery(given);
  if (usage.kind === "invalid") throw new BadParameter(usage.parameter, usage.detail);
  const { fromMs, toMs, cursor } = usage.span;
  if (toMs > nowMs - SETTLED_MS)
    throw new BadParameter("to", "to must be at least 5 minutes ago: a younger span is not complete yet.");
  const span = { fromMs, toMs };
  const position = cursor === null ? START : decodeExportCursor(cursor, span);
  if (position === null) throw new BadParameter("cursor", "cursor must be that of a page of the same span.");
  return { span, position };
}

export function encodeExportCursor({ fromMs, toMs }: ExportSpan, position: ExportPosition): string {
  const { cursor, after, inside } = position;
  return encodeOpaque([1, fromMs, toMs, cursor, after, inside?.gate ?? null, inside?.fromMs ?? null]);
}

/** Null for anything that `encodeExportCursor` does not write of this span. */
function decodeExportCursor(text: string, { fromMs, toMs }: ExportSpan): ExportPosition | null {
  const [v, spanFromMs, spanToMs, cursor, after, gate, gateFromMs] = decodeOpaque(text) ?? [];
  if (v !== 1 || spanFromMs !== fromMs || spanToMs !== toMs || typeof after !== "string") return null;
  if (cursor !== null && typeof cursor !== "string") return null;
  if (gate === null && gateFromMs === null) return { cursor, after, inside: null };
  if (typeof gate !== "string" || typeof gateFromMs !== "number") return null;
  return gateFromMs >= fromMs && gateFromMs < toMs
    ? { cursor, after, inside: { gate, fromMs: gateFromMs } }
    : null;
}
