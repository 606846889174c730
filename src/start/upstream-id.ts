// The idempotency id under which the upstream knows a start. It is made of the user and the caller's own id, so two
// users' ids never meet at an upstream that keeps all ids together.
import { uuidV5 } from "../platform/uuid-v5.ts";

/** Fixed for ever: under another namespace, a retry of a start that is under way would be a second run. */
const NAMESPACE = "d61d1017-bf65-42a5-9d1a-9fee21c42bde";

/** The same for the same two, different for any other. `callersId` is in lower case. */
export function buildUpstreamId(userKey: string, callersId: string): Promise<string> {
  return uuidV5(NAMESPACE, `${userKey}:${callersId}`);
}
