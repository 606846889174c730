/** What whoever deploys can do something about: the message is all that they need. Anything else is a bug. */
export class DeployFailed extends Error {
  override readonly name = "DeployFailed";
}
