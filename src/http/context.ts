// What the middleware learns of a request, for those behind it. Hono's typed variables, one bag each.
import type { Context } from "hono";
import type { Caller } from "../auth/caller.ts";
import type { Operator } from "../auth/operator.ts";
import type { Reservation } from "../platform/memory-budget.ts";
import type { AnswerNotes } from "../platform/observability/recent-errors.ts";
import type { Stopwatch } from "../platform/observability/stopwatch.ts";
import type { Trace } from "../platform/observability/trace.ts";
import type { Timer } from "../platform/timeout.ts";
import type { Services } from "../services/services.ts";

/** What the log line of this request says beside its status and durations; and, of an error, what operators see of it. */
export type RequestNotes = { outcome: string; user: string | null; runId: string | null } & AnswerNotes;

export type AppEnv = {
  Bindings: Env;
  Variables: {
    requestId: string;
    trace: Trace;
    stopwatch: Stopwatch;
    /** For whatever the request waits for. */
    timer: Timer;
    notes: RequestNotes;
    /** Set by `configure`. */
    services: Services;
    /** Origin, set by `locate`. */
    publicUrl: string;
    /** Set by `requireCaller`. */
    caller: Caller;
    /** Set by `requireOperator`. */
    operator: Operator;
    /** Set by `shed`. */
    reservation: Reservation;
  };
};

export type AppContext = Context<AppEnv>;
