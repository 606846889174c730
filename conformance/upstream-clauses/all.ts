// Every clause that an upstream is asked, in the order in which it is asked and printed.
import { ANSWERS, HEALTH } from "./answers.ts";
import type { UpstreamClause } from "./clause.ts";
import { COMPLETION } from "./completion.ts";
import { IDEMPOTENCY } from "./idempotency.ts";
import { IDENTITY } from "./identity.ts";
import { MISSING } from "./missing.ts";
import { READ } from "./read.ts";
import { REFUSAL } from "./refusal.ts";
import { START } from "./start.ts";

export const UPSTREAM_CLAUSES: readonly UpstreamClause[] = [
  ...START,
  ...IDEMPOTENCY,
  ...READ,
  ...MISSING,
  ...REFUSAL,
  ...IDENTITY,
  ...COMPLETION,
  ...HEALTH,
  ...ANSWERS,
];
