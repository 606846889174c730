// Which dead letters a redelivery batch is for: what a body says, and what is wrong with it. Loaded when there is a body.

import * as z from "zod/mini";
import { parseDateTime } from "../platform/date-time.ts";
import { described, jsonPointer } from "./schemas.ts";

const MAX_CHOSEN = 1_000;
const dateTime = z.string().with(
  z.refine((text) => parseDateTime(text) !== null),
  z.meta({ format: "date-time" }),
);

export const ConsoleRedeliveryFilter = described(
  z.strictObject({
    run_ids: z._default(z.nullable(z.array(z.guid()).with(z.minLength(1), z.maxLength(MAX_CHOSEN))), null),
    host: described(
      z
        ._default(z.nullable(z.string().with(z.minLength(1))), null)
        .with(z.meta({ examples: ["client.example"] })),
      "As in the groups: with its port, if it has one. `-`: those that have no callback.",
    ),
    reason: described(
      z._default(z.nullable(z.string().with(z.minLength(1))), null),
      "As in the groups, to the letter.",
    ),
    from: z._default(z.nullable(dateTime), null),
    to: z._default(z.nullable(dateTime), null),
  }),
  "Which dead letters: all of what is given must hold; `run_ids` stand alone.",
);

type Filter = z.output<typeof ConsoleRedeliveryFilter>;

export type FilterVerdict =
  | { kind: "ok"; filter: Filter }
  | { kind: "invalid"; pointer: string; detail: string };

/** Judges the body of a redelivery batch; names the first problem. */
export function parseRedeliveryFilter(value: unknown): FilterVerdict {
  const { data, error } = ConsoleRedeliveryFilter.safeParse(value, { error: fault });
  const issue = error?.issues[0];
  if (issue !== undefined) return invalid(toPointer(issue), issue.message);
  if (data === undefined) return invalid("", "must be an object");
  const { run_ids, host: toHost, reason, from, to } = data;
  if (from !== null && to !== null && Date.parse(from) > Date.parse(to))
    return invalid("/from", "must not be later than /to");
  const narrowed = toHost ?? reason ?? from ?? to;
  if (run_ids === null) {
    // Everything must be meant, not forgotten to be narrowed down.
    if (narrowed === null) return invalid("", "must have run_ids, host, reason, from or to");
    return { kind: "ok", filter: data };
  }
  if (narrowed !== null) return invalid("/run_ids", "must stand alone");
  return { kind: "ok", filter: { ...data, run_ids: [...new Set(run_ids.map((id) => id.toLowerCase()))] } };
}

function invalid(pointer: string, detail: string): FilterVerdict {
  return { kind: "invalid", pointer, detail: `${pointer || "The body"} ${detail}.` };
}

function toPointer(issue: z.core.$ZodIssue): string {
  const [unknown] = issue.code === "unrecognized_keys" ? issue.keys : [];
  return jsonPointer(unknown === undefined ? issue.path : [...issue.path, unknown]);
}

function fault(issue: z.core.$ZodRawIssue): string {
  if (issue.code === "unrecognized_keys") return "is unknown";
  if (issue.code === "too_small") return "must not be empty";
  if (issue.code === "too_big") return `must have at most ${MAX_CHOSEN} entries`;
  if (issue.code === "custom") return "must be an RFC 3339 date-time such as 2026-11-01T00:00:00Z";
  if (issue.code !== "invalid_type") return "must be a UUID";
  if (issue.expected === "array") return "must be a list";
  return `must be ${issue.expected === "object" ? "an object" : "a string"}`;
}
