// What operators are shown: the answers of /console/api as they are written, and what the pages are drawn from. The
// schemas say what each member means; here are their types alone.
import type * as z from "zod/mini";
import type { CONSOLE_COMPONENTS } from "../contract/console-schemas.ts";

type Answer<Name extends keyof typeof CONSOLE_COMPONENTS> = z.infer<(typeof CONSOLE_COMPONENTS)[Name]>;

export type Stats = Answer<"ConsoleStats">;
export type Overview = Answer<"ConsoleOverview">;
export type Span = Overview["span"];
export type HealthCheck = Overview["health"][number];

export type Errors = Answer<"ConsoleErrors">;
export type ErrorGroup = Errors["groups"][number];
export type RecentErrorView = Errors["errors"][number];

export type RunSummary = Answer<"ConsoleRunSummary">;
export type RunPage = Answer<"ConsoleRunPage">;
/** How far a search has come among the users who were active from `from` to `to`. */
export type SearchProgress = NonNullable<RunPage["progress"]>;
export type RunDetail = Answer<"ConsoleRun">;
export type TimeLineEntry = Answer<"ConsoleTimeLineEntry">;

export type UserView = Answer<"ConsoleUser">;
export type WindowCount = NonNullable<UserView["windows"]["runs"]>;
export type OpenRunView = UserView["open_runs"][number];

export type DeadLetters = Answer<"ConsoleDeadLetters">;
export type DeadLetterGroup = DeadLetters["groups"][number];
export type DeadLetter = DeadLetters["dead_letters"][number];
/** A gate with runs that were not polled or delivered in time. */
export type OverdueGate = DeadLetters["overdue"][number];

export type Destinations = Answer<"ConsoleDestinations">;
export type Destination = Destinations["destinations"][number];

export type AuditPage = Answer<"ConsoleAuditPage">;
export type AuditEntry = Answer<"ConsoleAuditEntry">;
export type AuditAction = AuditEntry["action"];

/** A redelivery batch, and how far it is. */
export type Redelivery = Answer<"ConsoleRedelivery">;
/** What is to be sent again: all of what is given must hold; `run_ids` alone when it is given. */
export type RedeliveryFilter = Redelivery["filter"];
