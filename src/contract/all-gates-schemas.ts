// What the operations over all gates answer: exported charges, and how far a reindexing is.

import * as z from "zod/mini";
import { COMPONENTS, described } from "./schemas.ts";

const count = z.int().with(z.gte(0));

const ConsoleCharge = described(
  z.object({
    user: described(z.string(), "The user key."),
    issuer: z.string(),
    subject: z.string(),
    ...COMPONENTS.Charge.shape,
  }),
  "A charge, and whose it is.",
);

const ConsoleReindexPage = z.object({
  gates: described(count, "How many were asked, 40 at most."),
  told_anew: described(count, "Of these, had not told this index yet, and do so now."),
  unreachable: described(count, "Did not answer, or found no index: they tell it themselves within a week."),
  next_cursor: described(z.nullable(z.string()), "The `cursor` of the next request; null: that was all."),
});

export const ALL_GATES_COMPONENTS = { ConsoleCharge, ConsoleReindexPage };
