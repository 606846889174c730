// `npm start | head -6`: the reader of what start prints has gone, and no terminal shows that the gateway still runs.
import type { EventEmitter } from "node:events";

/**
 * Resolves once a write to one of the streams has failed because nothing reads from it. Without a listener for that, Node
 * drops the error of console.log, and ends the process at any other write.
 */
export function untilUnread(streams: readonly EventEmitter[]): Promise<void> {
  return new Promise((resolve, reject) => {
    for (const stream of streams)
      stream.on("error", (error: NodeJS.ErrnoException) =>
        error.code === "EPIPE" ? resolve() : reject(error),
      );
  });
}
