/** What the user of a command can do something about: the message is all that they need. Anything else is a bug. */
export class Failure extends Error {
  override readonly name = "Failure";
}
