// What may come in and what goes out, once: these schemas judge requests and are the components of /openapi.json.
// They are `z.object`, never `looseObject`: both let unknown members pass, but the latter visits and copies each one
// (half a second for a body of 6 MB). So no caller may use what zod gives back: it lacks the unknown members, and
// its numbers are rounded. Callers forward the text they read.

// The namespace import lets the bundler drop zod's fifty languages: a third of the size of `{ z }`.
import * as z from "zod";

// Workers forbid eval; without this zod tries it once.
z.config({ jitless: true });

const MAX_CALLBACK_URL_LENGTH = 2048;
const MAX_WAIT_SECONDS = 30;

// The published `format: uuid` names no version, so neither do we: 8-4-4-4-12 hexadecimal digits in any case.
const uuid = z.guid();

const StoredActionsRunRequestInput = z
  .object({
    callback_url: z
      .string()
      .max(MAX_CALLBACK_URL_LENGTH)
      .meta({ format: "uri" })
      .describe(
        "An optional URL that Zapier will POST the results to when the action completes. The POST body will match the same format as the GET /stored-actions/{stored_action_id}/runs/{run_id} response.",
      )
      .optional(),
    idempotency_id: uuid
      .describe(
        "A client-provided UUID that identifies this specific request. If the same idempotency_id is used within 72 hours, the second request will be ignored and the original response returned.",
      )
      .optional(),
    inputs: z
      .unknown()
      .default({})
      .describe(
        'Object that matches the input the action would normally get. Has all the same keys/types as the `input` of the action. (Formerly known as "needs" in some documentation) Specifically includes more "dynamic" information to execute such as a specific message when triggering an action that sends a Slack DM, for example.',
      ),
    page: z
      .string()
      .describe(
        // The published text ends in a blank; the comparison with it is exact.
        "When using bulk read action types, this denotes the state of the paging utilities. Pass it back into the stored-actions endpoint. ",
      )
      .optional(),
  })
  .describe("The shape of a request payload accepted when running a stored action.");

const StoredActionsRunRequest = z.object({ data: StoredActionsRunRequestInput });

// The added members are the upstream's to judge, so they have no type here.
const OneOffRunRequestInput = StoredActionsRunRequestInput.extend({
  selected_api: z.unknown().describe("The app, and its version, that the action belongs to.").optional(),
  action_key: z.unknown().describe("The action's key within the app.").optional(),
  action_type: z.unknown().describe("The kind of action, such as `write` or `search`.").optional(),
  authentication_id: z.unknown().describe("The connection that the action runs with.").optional(),
}).describe("The configuration of an action and its inputs, run once and kept nowhere.");

const OneOffRunRequest = z.object({ data: OneOffRunRequestInput });

const StoredActionsRunResponseParams = z
  .object({
    type: z
      .string()
      .default("run")
      .describe("Specifies the resource type, as required by the JSON:API specification."),
    id: uuid
      .describe(
        "The UUID id that identifies this run of the execution and can be used to retrieve the results by polling the GET /stored-actions/{stored_action_id}/runs/{run_id} endpoint.",
      )
      .optional(),
  })
  .describe("The data returned after running a stored action");

const StoredActionsRunResponse = z.object({ data: StoredActionsRunResponseParams });

const ActionsErrorSource = z
  .object({
    pointer: z
      .string()
      .describe("Pointer to the value in the request document that caused the error e.g. `/actions`.")
      .optional(),
    parameter: z
      .string()
      .describe("A string indicating which URI query parameter caused the error.")
      .optional(),
    header: z
      .string()
      .describe("A string indicating the name of a single request header which caused the error.")
      .optional(),
  })
  .describe("Populates the `source` object inside our error responses.");

const ActionsError = z
  .object({
    status: z.int().describe("The HTTP status code applicable to this problem.").optional(),
    code: z
      .string()
      .describe("A unique identifier for this particular occurrence of the problem.")
      .optional(),
    title: z.string().describe("A short summary of the problem.").optional(),
    detail: z
      .string()
      .describe("A human-readable explanation specific to this occurrence of the problem.")
      .optional(),
    source: z
      .xor([ActionsErrorSource, z.null()])
      .describe("An object containing references to the primary source of the error.")
      .optional(),
    meta: z.looseObject({}).nullable().describe("Any additional metadata about the error.").optional(),
  })
  .describe("Base Error definition");

const ActionsErrorResponse = z.object({
  errors: z.array(ActionsError).describe("An array of error objects."),
});

const RunResult = z
  .object({
    type: z.string().default("run"),
    id: uuid,
    status: z.enum(["waiting", "success", "error"]),
    results: z.array(z.unknown()).describe("What the action gave back, empty until it has ended.").optional(),
    next_page: z
      .string()
      .nullable()
      .describe("The `page` of the next run, if there is more to read.")
      .optional(),
    errors: z.array(ActionsError).describe("Not empty when `status` is `error`.").optional(),
  })
  .describe("A run as the upstream has it, byte for byte.");

const OneOffRunResult = z.object({ data: RunResult });

const Charge = z
  .object({
    run_id: z.string(),
    stored_action_id: z.string().nullable().describe("Null for a one-off run."),
    charged_at: z.string().meta({ format: "date-time" }),
    tasks: z.int(),
    origin: z.string(),
    usage_type: z.string(),
    description: z.string(),
    exemption_reason: z.string().nullable(),
    exemption_details: z.string().nullable(),
  })
  .describe("One successful billable run, with the billing context of the token that started it.");

const UsagePage = z.object({
  data: z.array(Charge).describe("Oldest first, 100 at most."),
  next_cursor: z.string().nullable().describe("The `cursor` of the next page; null on the last one."),
});

const JsonWebKeySet = z.object({
  keys: z.array(z.object({ kty: z.string(), crv: z.string(), x: z.string(), kid: z.string() })),
});

const Health = z.object({ status: z.string() });

const DeliveryAttempt = z.object({
  number: z.int().min(1).describe("Goes on counting when the run is sent again."),
  at: z.string().meta({ format: "date-time" }),
  status: z.int().nullable().describe("The receiver's; null when it did not answer."),
  duration_ms: z.int(),
  error: z.string().nullable().describe("What went wrong, in words; null when the receiver acknowledged it."),
});

const Delivery = z
  .object({
    state: z
      .enum(["waiting", "retrying", "delivered", "dead", "aborted"])
      .describe(
        "`waiting`: the run has not ended. `dead`: no attempt is left. `aborted`: the receiver wants no more.",
      ),
    callback_url: z.string(),
    next_attempt_at: z.string().meta({ format: "date-time" }).nullable(),
    attempts: z.array(DeliveryAttempt).describe("Oldest first, the latest 100 at most."),
  })
  .describe("How the callback of a run stands.");

const DeliveryAnswer = z.object({ data: Delivery });

const Readiness = z.object({
  status: z.string(),
  dependencies: z.record(z.string(), z.string()).describe("Each dependency's name and its state."),
});

/** Every schema that has a name in /openapi.json, under that name. */
export const COMPONENTS = {
  StoredActionsRunRequest,
  StoredActionsRunRequestInput,
  StoredActionsRunResponse,
  StoredActionsRunResponseParams,
  ActionsErrorResponse,
  ActionsError,
  ActionsErrorSource,
  OneOffRunRequest,
  OneOffRunRequestInput,
  RunResult,
  OneOffRunResult,
  Charge,
  UsagePage,
  DeliveryAttempt,
  Delivery,
  DeliveryAnswer,
  JsonWebKeySet,
  Health,
  Readiness,
};

export type ComponentName = keyof typeof COMPONENTS;

/** The query parameter `wait_seconds` of a read. */
export const WaitSeconds = z
  .int()
  .min(0)
  .max(MAX_WAIT_SECONDS)
  .default(0)
  .describe("Hold the answer until the run has ended, this many seconds at most.");

export type Verdict = { kind: "ok" } | { kind: "invalid"; pointer: string; detail: string };

/** Judges the body of a run, stored or one-off (which differ in members that nobody here judges); names the first problem. */
export function validateRunRequest(value: unknown): Verdict {
  const envelope = ownMembers(value, StoredActionsRunRequest);
  if (isObject(envelope) && "data" in envelope) {
    envelope["data"] = ownMembers(envelope["data"], StoredActionsRunRequestInput);
  }
  const { error } = StoredActionsRunRequest.safeParse(envelope, { error: fault });
  const issue = error?.issues[0];
  if (issue === undefined) return { kind: "ok" };
  const pointer = jsonPointer(issue.path);
  return { kind: "invalid", pointer, detail: `${pointer || "The body"} ${issue.message}` };
}

/** 8-4-4-4-12 hexadecimal digits, any case, any version. */
export function validateUuid(text: string): boolean {
  return uuid.safeParse(text).success;
}

/** `null` stands for a parameter that was not sent. */
export function parseWaitSeconds(
  text: string | null,
): { kind: "ok"; seconds: number } | { kind: "invalid"; detail: string } {
  // Number() alone would also take "", " 5", "1e1" and "0x5".
  const value = text === null ? undefined : /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  const { success, data } = WaitSeconds.safeParse(value);
  if (success) return { kind: "ok", seconds: data };
  return { kind: "invalid", detail: `wait_seconds must be a whole number from 0 to ${MAX_WAIT_SECONDS}` };
}

/** RFC 6901; empty for the whole document. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The members that the schema names and the value itself has: what a prototype says must not count. */
function ownMembers(value: unknown, schema: z.ZodObject): unknown {
  if (!isObject(value)) return value;
  const names = Object.keys(schema.shape).filter((name) => Object.hasOwn(value, name));
  return Object.fromEntries(names.map((name) => [name, value[name]]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fault(issue: z.core.$ZodRawIssue): string {
  if (issue.input === undefined) return "is required";
  if (issue.code === "invalid_type")
    return `must be ${issue.expected === "object" ? "an object" : "a string"}`;
  if (issue.code === "too_big") return `must be at most ${issue.maximum} characters long`;
  return "must be a UUID";
}
