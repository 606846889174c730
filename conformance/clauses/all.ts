// Every clause, in the order in which it is asked and printed.
import type { Clause } from "../clause.ts";
import { BILLING } from "./billing.ts";
import { CALLBACKS } from "./callbacks.ts";
import { DELIVERIES } from "./deliveries.ts";
import { ERRORS } from "./errors.ts";
import { IDEMPOTENCY } from "./idempotency.ts";
import { LIMIT, RESET } from "./limit.ts";
import { PASS_THROUGH } from "./pass-through.ts";
import { READ } from "./read.ts";
import { JSON_CLAUSES, START } from "./start.ts";
import { SURFACE } from "./surface.ts";
import { WHO } from "./who.ts";

export const CLAUSES: readonly Clause[] = [
  ...SURFACE,
  ...WHO,
  ...START,
  ...JSON_CLAUSES,
  ...LIMIT,
  ...IDEMPOTENCY,
  ...READ,
  ...CALLBACKS,
  ...DELIVERIES,
  ...BILLING,
  ...PASS_THROUGH,
  // About every answer that was seen, so after the others.
  ...ERRORS,
  ...RESET,
];
