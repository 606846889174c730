/** What the user of a command can do something about: the message is all that they need. Anything else is a bug. */
export class Failure extends Error {
  override readonly name = "Failure";
}

/** A Failure, or what `parseArgs` throws at an option that does not exist or has no value. */
export function isForUser(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return error instanceof Failure || ("code" in error && String(error.code).startsWith("ERR_PARSE_ARGS_"));
}
