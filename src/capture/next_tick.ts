/**
 * Waits for the next tick of a clock that all captures of the process share, so that many of them wake it once.
 *
 * @param everyMs distance of the ticks.
 */
export function nextTick(everyMs: number): Promise<void> {
  const restMs = everyMs - performance.now() % everyMs;
  return new Promise((resolve) => setTimeout(resolve, restMs));
}
