// What may come in and what goes out, once: these schemas judge requests and are the components of /openapi.json.
// They are `z.object`, never `looseObject`: both let unknown members pass, but the latter visits and copies each one
// (half a second for a body of 6 MB). So no caller may use what zod gives back: it lacks the unknown members, and
// its numbers are rounded. Callers forward the text they read.

// zod/mini has functions where zod has methods, so the bundler drops what no schema uses: 14 KB of the upload, gzipped.
// The namespace import lets it drop zod's fifty languages as well.
import * as z from "zod/mini";
import { isObject } from "../platform/json.ts";

// Workers forbid eval; without this zod tries it once.
z.config({ jitless: true });

const MAX_CALLBACK_URL_LENGTH = 2048;
const MAX_WAIT_SECONDS = 30;

// The published `format: uuid` names no version, so neither do we: 8-4-4-4-12 hexadecimal digits in any case.
const uuid = z.guid();

/** The schema with what /openapi.json says about it. */
export function described<T extends z.ZodMiniType>(schema: T, text: string): T {
  return schema.with(z.describe(text));
}

/** A described member that may be left out. */
function optional<T extends z.ZodMiniType>(schema: T, text: string): z.ZodMiniOptional<T> {
  return z.optional(described(schema, text));
}

const StoredActionsRunRequestInput = described(
  z.object({
    callback_url: optional(
      z.string().with(z.maxLength(MAX_CALLBACK_URL_LENGTH), z.meta({ format: "uri" })),
      "An optional URL that this gateway will POST the results to when the action completes. The POST body will match the same format as the GET /stored-actions/{stored_action_id}/runs/{run_id} response.",
    ),
    idempotency_id: optional(
      uuid,
      "A client-provided UUID that identifies this specific request. If the same idempotency_id is used within 72 hours, the second request will be ignored and the original response returned.",
    ),
    inputs: described(
      z._default(z.unknown(), {}),
      'Object that matches the input the action would normally get. Has all the same keys/types as the `input` of the action. (Formerly known as "needs" in some documentation) Specifically includes more "dynamic" information to execute such as a specific message when triggering an action that sends a Slack DM, for example.',
    ),
    page: optional(
      z.string(),
      // The published text ends in a blank; the comparison with it is exact.
      "When using bulk read action types, this denotes the state of the paging utilities. Pass it back into the stored-actions endpoint. ",
    ),
  }),
  "The shape of a request payload accepted when running a stored action.",
);

const StoredActionsRunRequest = z.object({ data: StoredActionsRunRequestInput });

// The added members are the upstream's to judge, so they have no type here.
const OneOffRunRequestInput = described(
  z.extend(StoredActionsRunRequestInput, {
    selected_api: optional(z.unknown(), "The app, and its version, that the action belongs to."),
    action_key: optional(z.unknown(), "The action's key within the app."),
    action_type: optional(z.unknown(), "The kind of action, such as `write` or `search`."),
    authentication_id: optional(z.unknown(), "The connection that the action runs with."),
  }),
  "The configuration of an action and its inputs, run once and kept nowhere.",
);

/** What the contract names in `data`. */
export const RUN_REQUEST_MEMBERS: readonly string[] = Object.keys(OneOffRunRequestInput.shape);

const OneOffRunRequest = z.object({ data: OneOffRunRequestInput });

const StoredActionsRunResponseParams = described(
  z.object({
    type: described(
      z._default(z.string(), "run"),
      "Specifies the resource type, as required by the JSON:API specification.",
    ),
    id: optional(
      uuid,
      "The UUID id that identifies this run of the execution and can be used to retrieve the results by polling the GET /stored-actions/{stored_action_id}/runs/{run_id} endpoint.",
    ),
  }),
  "The data returned after running a stored action",
);

const StoredActionsRunResponse = z.object({ data: StoredActionsRunResponseParams });

const ActionsErrorSource = described(
  z.object({
    pointer: optional(
      z.string(),
      "Pointer to the value in the request document that caused the error e.g. `/actions`.",
    ),
    parameter: optional(z.string(), "A string indicating which URI query parameter caused the error."),
    header: optional(
      z.string(),
      "A string indicating the name of a single request header which caused the error.",
    ),
  }),
  "Populates the `source` object inside our error responses.",
);

const ActionsError = described(
  z.object({
    status: optional(z.int(), "The HTTP status code applicable to this problem."),
    code: optional(z.string(), "A unique identifier for this particular occurrence of the problem."),
    title: optional(z.string(), "A short summary of the problem."),
    detail: optional(z.string(), "A human-readable explanation specific to this occurrence of the problem."),
    source: optional(
      z.xor([ActionsErrorSource, z.null()]),
      "An object containing references to the primary source of the error.",
    ),
    meta: optional(z.nullable(z.looseObject({})), "Any additional metadata about the error."),
  }),
  "Base Error definition",
);

const ActionsErrorResponse = z.object({
  errors: described(z.array(ActionsError), "An array of error objects."),
});

const RunResult = described(
  z.object({
    type: z._default(z.string(), "run"),
    id: uuid,
    status: z.enum(["waiting", "success", "error"]),
    results: optional(z.array(z.unknown()), "What the action gave back, empty until it has ended."),
    next_page: optional(z.nullable(z.string()), "The `page` of the next run, if there is more to read."),
    errors: optional(z.array(ActionsError), "Not empty when `status` is `error`."),
  }),
  "A run as the upstream has it, byte for byte.",
);

const OneOffRunResult = z.object({ data: RunResult });

const Charge = described(
  z.object({
    run_id: z.string(),
    stored_action_id: described(z.nullable(z.string()), "Null for a one-off run."),
    charged_at: z.string().with(z.meta({ format: "date-time" })),
    tasks: z.int(),
    origin: z.string(),
    usage_type: z.string(),
    description: z.string(),
    exemption_reason: z.nullable(z.string()),
    exemption_details: z.nullable(z.string()),
  }),
  "One successful billable run, with the billing context of the token that started it.",
);

const UsagePage = z.object({
  data: described(z.array(Charge), "Oldest first, 100 at most."),
  next_cursor: described(z.nullable(z.string()), "The `cursor` of the next page; null on the last one."),
});

const CallbackSecrets = described(
  z.object({
    secret: described(z.string(), "For `v1` of Standard Webhooks: `whsec_` and the base64 of 32 bytes."),
    also_valid: described(
      z.array(z.string()),
      "Each callback is signed with these too. Not empty while the gateway's signing keys are rotated.",
    ),
    algorithm: z.literal("hmac-sha256"),
  }),
  "The secrets of the caller's callbacks.",
);

const CallbackSecretsAnswer = z.object({ data: CallbackSecrets });

const JsonWebKeySet = z.object({
  keys: z.array(z.object({ kty: z.string(), crv: z.string(), x: z.string(), kid: z.string() })),
});

const Health = z.object({ status: z.string() });

const DeliveryAttempt = z.object({
  number: described(z.int().with(z.gte(1)), "Goes on counting when the run is sent again."),
  at: z.string().with(z.meta({ format: "date-time" })),
  status: described(z.nullable(z.int()), "The receiver's; null when it did not answer."),
  duration_ms: z.int(),
  error: described(
    z.nullable(z.string()),
    "What went wrong, in words; null when the receiver acknowledged it.",
  ),
});

const Delivery = described(
  z.object({
    state: described(
      z.enum(["waiting", "retrying", "delivered", "dead", "aborted"]),
      "`waiting`: the run has not ended. `dead`: no attempt is left. `aborted`: the receiver wants no more.",
    ),
    callback_url: z.string(),
    next_attempt_at: z.nullable(z.string().with(z.meta({ format: "date-time" }))),
    attempts: described(z.array(DeliveryAttempt), "Oldest first, the latest 100 at most."),
  }),
  "How the callback of a run stands.",
);

const DeliveryAnswer = z.object({ data: Delivery });

const Readiness = z.object({
  status: z.string(),
  dependencies: described(z.record(z.string(), z.string()), "Each dependency's name and its state."),
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
  CallbackSecrets,
  CallbackSecretsAnswer,
  JsonWebKeySet,
  Health,
  Readiness,
};

export type ComponentName = keyof typeof COMPONENTS;

/** The query parameter `wait_seconds` of a read. */
export const WaitSeconds = described(
  z._default(z.int().with(z.gte(0), z.lte(MAX_WAIT_SECONDS)), 0),
  "Hold the answer until the run has ended, this many seconds at most.",
);

export type Verdict = { kind: "ok" } | { kind: "invalid"; pointer: string; detail: string };

/** Judges the body of a run, stored or one-off (which differ in members that are the upstream's to judge); names the first problem. */
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
function ownMembers(value: unknown, schema: z.ZodMiniObject): unknown {
  if (!isObject(value)) return value;
  const names = Object.keys(schema.shape).filter((name) => Object.hasOwn(value, name));
  return Object.fromEntries(names.map((name) => [name, value[name]]));
}

function fault(issue: z.core.$ZodRawIssue): string {
  if (issue.input === undefined) return "is required";
  if (issue.code === "invalid_type")
    return `must be ${issue.expected === "object" ? "an object" : "a string"}`;
  if (issue.code === "too_big") return `must be at most ${issue.maximum} characters long`;
  return "must be a UUID";
}
