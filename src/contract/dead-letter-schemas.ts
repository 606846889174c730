// The part of the console's API that is about dead letters, and sending many of them again.

import * as z from "zod/mini";
import {
  callbackError,
  count,
  cursor,
  httpStatus,
  like,
  list,
  operator,
  receiver,
  result,
  subject,
  time,
  user,
  uuid,
} from "./console-values.ts";
import { ConsoleDismissal, ConsoleRedeliveryFilter } from "./redelivery-filter.ts";
import { described } from "./schemas.ts";

const host = described(z.nullable(receiver), "Null: they have no callback.");

const status = described(z.nullable(httpStatus), "Of the last attempt.");

export const dismissed = described(
  z.nullable(z.object({ at: time, by: operator, reason: like("the receiver is gone for good") })),
  "Null: no operator has dismissed it.",
);

export const DEAD_LETTER_COMPONENTS = {
  ConsoleDeadLetters: z.object({
    groups: list(
      {
        host,
        reason: callbackError,
        status,
        dead_letters: count,
        oldest_at: time,
        newest_at: time,
      },
      "Of those that fit among the newest 2,000 of the time, by host, reason and status.",
    ),
    dead_letters: list({
      run_id: uuid,
      user,
      subject,
      host,
      accepted_at: time,
      died_at: time,
      result,
      attempts: count,
      status,
      reason: callbackError,
      dismissed,
    }),
    next_cursor: cursor,
    complete: described(z.boolean(), "False: there are more than are grouped here, older ones."),
    groups_next_to: described(
      z.nullable(time),
      "Given as `to`, it leads to the groups of these older ones; null: there are none.",
    ),
    overdue: list(
      { user, since: time, runs: count, example_run_key: uuid },
      "Gates with runs that were not polled or delivered in time, the one that has been late for longest first; 20 at most.",
    ),
    overdue_next_cursor: described(
      cursor,
      "The `overdue_cursor` of the next of these; null: there are no more.",
    ),
  }),
  ConsoleRedeliveryFilter,
  ConsoleDismissal,
  ConsoleRedelivery: z.object({
    id: uuid,
    operator,
    created_at: time,
    filter: ConsoleRedeliveryFilter,
    dismissal: described(z.nullable(z.string()), "Why they are dismissed; null: they are sent again."),
    status: z.enum(["running", "finished"]),
    examined: described(count, "Dead letters that it has examined."),
    sent: described(count, "Sent again, or dismissed."),
    skipped: described(
      count,
      "Not dead any more, under way already, dismissed already, or of a gate that did not answer.",
    ),
    delivered: described(
      count,
      "Of those sent, as far as it is known; the end of the run was read, where it has no callback.",
    ),
    failed: described(
      count,
      "Of those sent: dead letters again, or refused by their receivers for good. The others are under way.",
    ),
  }),
};
