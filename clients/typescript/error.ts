import type { components } from "./api.generated.ts";

export type ApiError = components["schemas"]["ActionsError"];
/** Whose start or run it was. */
export type Subject = { idempotencyId?: string | null; runId?: string | null };

const OWN = {
  no_answer: "The gateway has not answered.",
  bad_answer: "The answer is not as the contract has it.",
  deadline_exceeded: "The time of the call is over.",
};

/** The gateway refused, or has not answered. A start with the same `idempotencyId` gets the run, if there is one. */
export class ActionsError extends Error {
  override readonly name = "ActionsError";
  /** Null where no answer came in time. */
  readonly status: number | null;
  /** As in docs/errors.md, or one of `OWN`. */
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  /** The member of the request at fault, as a JSON pointer. */
  readonly pointer: string | null;
  /** Operators find the request by it. */
  readonly requestId: string | null;
  readonly idempotencyId: string | null;
  readonly runId: string | null;

  constructor(status: number | null, error: ApiError, requestId: string | null, about: Subject) {
    super(error.detail);
    this.status = status;
    this.code = error.code ?? "bad_answer";
    this.title = error.title ?? this.code;
    this.detail = error.detail ?? OWN.bad_answer;
    this.pointer = error.source?.pointer ?? null;
    this.requestId = requestId;
    this.idempotencyId = about.idempotencyId ?? null;
    this.runId = about.runId ?? null;
  }
}

export function ownError(code: keyof typeof OWN, about: Subject, cause?: unknown): ActionsError {
  return Object.assign(new ActionsError(null, { code, detail: OWN[code] }, null, about), { cause });
}

/** The first error of the envelope; empty for any other body. */
export function findError(body: unknown): ApiError {
  const errors = isObject(body) ? body["errors"] : null;
  return Array.isArray(errors) && isObject(errors[0]) ? errors[0] : {};
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
