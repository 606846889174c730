/** A store or an object took longer than a caller can wait. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

/** What `promise` comes to, if it does so in time. Throws TimeoutError; the work itself is not stopped. */
export async function withTimeout<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  const done = new AbortController();
  const late = scheduler.wait(timeoutMs, { signal: done.signal }).then(() => {
    throw new TimeoutError(`nothing within ${timeoutMs} ms`);
  });
  // Aborted below, when it was not late.
  late.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    done.abort();
  }
}
