// Which dead letters a redelivery batch is for: what a body says, and what is wrong with it. Loaded when there is a body.

import * as z from "zod/mini";
import { parseDateTime } from "../platform/date-time.ts";
import { described, jsonPointer } from "./schemas.ts";
import { MAX_DISMISSAL_CHARS } from "./search-values.ts";

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
    http_status: described(
      z._default(z.nullable(z.union([z.int().with(z.gte(100), z.lte(599)), z.literal("none")])), null),
      "Of the last attempt; `none`: it got no answer, or none was made.",
    ),
    dismissed: described(
      z._default(z.boolean(), false),
      "Those that operators have dismissed, and no others.",
    ),
    from: z._default(z.nullable(dateTime), null),
    to: z._default(z.nullable(dateTime), null),
  }),
  "Which dead letters: all of what is given must hold; `run_ids` stand alone.",
);

export const ConsoleDismissal = described(
  z.extend(ConsoleRedeliveryFilter, {
    dismissal: described(
      z.string().with(z.trim(), z.minLength(1), z.maxLength(MAX_DISMISSAL_CHARS)),
      "Why they are dismissed.",
    ),
  }),
  "Which dead letters, as in ConsoleRedeliveryFilter, and why.",
);

type Filter = z.output<typeof ConsoleRedeliveryFilter>;

/** `dismissal`: the operator's reason to dismiss them; null: they are to be sent again. */
export type FilterVerdict =
  | { kind: "ok"; filter: Filter; dismissal: string | null }
  | { kind: "invalid"; pointer: string; detail: string };

/** Judges the body of a redelivery batch; names the first problem. */
export function parseRedeliveryFilter(value: unknown): FilterVerdict {
  const { data, error } = ConsoleRedeliveryFilter.safeParse(value, { error: fault });
  return data === undefined ? explain(error) : judge(data, null);
}

/** The same of a batch that dismisses. */
export function parseDismissal(value: unknown): FilterVerdict {
  const { data, error } = ConsoleDismissal.safeParse(value, { error: fault });
  if (data === undefined) return explain(error);
  const { dismissal, ...filter } = data;
  return judge(filter, dismissal);
}

function explain(error: z.core.$ZodError): FilterVerdict {
  const [issue] = error.issues;
  return issue === undefined ? invalid("", "must be an object") : invalid(toPointer(issue), issue.message);
}

function judge(filter: Filter, dismissal: string | null): FilterVerdict {
  const { run_ids, host, reason, http_status: httpStatus, dismissed, from, to } = filter;
  if (from !== null && to !== null && Date.parse(from) > Date.parse(to))
    return invalid("/from", "must not be later than /to");
  const narrowed = host ?? reason ?? httpStatus ?? (dismissed || null) ?? from ?? to;
  if (run_ids === null) {
    // Everything must be meant, not forgotten to be narrowed down.
    if (narrowed === null)
      return invalid("", "must have run_ids, host, reason, http_status, dismissed, from or to");
    return { kind: "ok", filter, dismissal };
  }
  if (narrowed !== null) return invalid("/run_ids", "must stand alone");
  const chosen = [...new Set(run_ids.map((id) => id.toLowerCase()))];
  return { kind: "ok", filter: { ...filter, run_ids: chosen }, dismissal };
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
  if (issue.path?.[0] === "http_status") return "must be a status code such as 503, or none";
  if (issue.code === "too_small") return "must not be empty";
  if (issue.code === "too_big")
    return issue.origin === "string"
      ? `must have at most ${MAX_DISMISSAL_CHARS} characters`
      : `must have at most ${MAX_CHOSEN} entries`;
  if (issue.code === "custom") return "must be an RFC 3339 date-time such as 2026-11-01T00:00:00Z";
  if (issue.code !== "invalid_type") return "must be a UUID";
  const article = /^[aeiou]/.test(issue.expected) ? "an" : "a";
  return `must be ${issue.expected === "array" ? "a list" : `${article} ${issue.expected}`}`;
}
