/** After a process was stopped (SIGSTOP), the call and the deadline are both due: the call gets this long, ms. */
const GRACE_MS = 50;

/**
 * Awaits a promise, but no longer than so many milliseconds; then it rejects with `late()`. The work behind the promise
 * continues: the caller decides what to do about it.
 */
export async function withDeadline<T>(
  limitMs: number,
  promise: Promise<T>,
  late: () => Error,
): Promise<T> {
  const { promise: expired, reject } = Promise.withResolvers<never>();
  let timer = setTimeout(() => {
    timer = setTimeout(() => reject(late()), Math.min(limitMs, GRACE_MS));
  }, limitMs);
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}
