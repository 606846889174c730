// What runs, dead letters, destinations and the audit trail are searched by: the search, its form and the contract name the same.

export const STATES = ["waiting", "retrying", "delivered", "dead", "aborted", "none"] as const;

/** `none`: its end has not been read. */
export const RESULTS = ["success", "error", "none"] as const;

export const SPANS = ["hour", "day", "week"] as const;

/** What the destinations with most of come first. */
export const HOST_SORTS = ["failures", "attempts"] as const;

/** Whether dead letters that operators have dismissed are shown, or all others. */
export const DISMISSED = ["false", "true"] as const;

/** In the place of a host: those that have no callback. It is no host itself. */
export const NO_HOST = "-";

/** Of an operator's reason to dismiss a dead letter. */
export const MAX_DISMISSAL_CHARS = 500;

/** Of what operators set for a user: how far ahead it may end, and starts in a window. */
export const MAX_CONTROL_DAYS = 30;
export const MAX_CONTROL_LIMIT = 100_000;

/** How far ahead the pause of a host may end. */
export const MAX_PAUSE_DAYS = 7;

export const AUDIT_ACTIONS = [
  "poll",
  "redeliver",
  "abandon",
  "dismiss",
  "reset_window",
  "block_user",
  "limit_user",
  "lift_user",
  "pause_host",
  "resume_host",
  "redeliver_many",
  "dismiss_many",
  "reindex",
  "sign_in",
  "sign_out",
] as const;
