/**
 * Waits for the next tick of a clock that all captures share, so that they wake the process together.
 *
 * @param everyMs interval between ticks.
 */
export function nextTick(everyMs: number): Promise<void> {
  const restMs = everyMs - performance.now() % everyMs;
  return new Promise((resolve) => setTimeout(resolve, restMs));
}
