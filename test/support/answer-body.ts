// What tests read of the gateway's JSON: the members of all its answers together, of which each answer has its own. That an
// answer has a member is for the test to say; what the member is, is said here.
import type * as z from "zod/mini";
import type { COMPONENTS } from "../../src/contract/schemas.ts";
import type {
  AuditPage,
  DeadLetters,
  Destinations,
  Overview,
  Redelivery,
  RunDetail,
  RunPage,
  UserView,
} from "../../src/operators/views.ts";
import type { ErrorObject } from "../../src/platform/errors.ts";

export type AnswerBody = {
  id: string;
  status: string;
  outcome: string;
  reindexed: number;
  next_cursor: string | null;
  errors: readonly [ErrorObject, ...ErrorObject[]];
  /** Of a start, a delivery and a page of charges. */
  data: { id: string } & z.infer<typeof COMPONENTS.Delivery> & readonly z.infer<typeof COMPONENTS.Charge>[];
  dependencies: Record<string, string>;
  openapi: string;
  servers: readonly { url: string }[];
  paths: Record<string, object>;
  at: string;
  /** Of a run, and of the destinations. */
  paused: NonNullable<RunDetail["paused"]> & Destinations["paused"];
} & z.infer<typeof COMPONENTS.JsonWebKeySet> &
  Pick<RunDetail, "breaker" | "dismissed" | "state" | "attempts" | "time_line" | "can"> &
  Pick<RunPage, "runs"> &
  Pick<UserView, "user" | "control" | "windows" | "open_runs" | "open_count" | "claims" | "default_limit"> &
  Pick<DeadLetters, "groups" | "dead_letters"> &
  Pick<AuditPage, "entries"> &
  Pick<Overview, "health" | "totals" | "waiting" | "failing_hosts"> &
  Pick<Redelivery, "examined" | "sent" | "skipped">;
