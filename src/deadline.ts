/** Somebody of ours took longer than a caller can wait. */
class DeadlinePassed extends Error {
  override readonly name = "DeadlinePassed";
}

/** What `promise` comes to, if it does so in time. Throws DeadlinePassed; the work itself is not stopped. */
export async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new DeadlinePassed(`nothing within ${timeoutMs} ms`)),
    timeoutMs,
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
