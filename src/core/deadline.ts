/**
 * Awaits a promise, but no longer than so many milliseconds; then it rejects with `late()`. What the promise stands for
 * goes on: the caller decides what becomes of it.
 */
export async function withDeadline<T>(
  limitMs: number,
  promise: Promise<T>,
  late: () => Error,
): Promise<T> {
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late()), limitMs);
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}
