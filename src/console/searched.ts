// What runs are searched by: the search, its form and the contract name the same.

/** Those that the ledger has: it knows a run once it has ended. */
export const STATES = ["retrying", "delivered", "dead", "aborted", "none"] as const;

/** `none`: nobody saw its end. */
export const RESULTS = ["success", "error", "none"] as const;
