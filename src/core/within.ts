/** Waits for a promise, but no longer than so many milliseconds. */
export async function within(limitMs: number, promise: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<void>((resolve) => timer = setTimeout(resolve, limitMs));
  await Promise.race([promise, limit]);
  clearTimeout(timer);
}
