/** A stretch of a recording in which one head hears something. */
export interface Moment {
  readonly head: number;
  /** First step, and how many. */
  readonly from: number;
  readonly steps: number;
}

/** Shorter ones are clicks; longer ones are divided. */
const SHORTEST = 2;
const LONGEST = 16;
/** Pauses up to this many steps do not end a moment. */
const PAUSE = 2;
/** Of each head and recording; the longest are taken. */
const MOST = 3;

/**
 * The moments of a recording.
 *
 * @param heard of each head, `[steps]`: 1 where it hears something
 */
export function momentsOf(heard: readonly Uint8Array[]): Moment[] {
  return heard.flatMap((steps, head) => {
    const parts = runs(steps).flatMap(({ from, to }) => {
      const count = Math.ceil((to - from) / LONGEST);
      const length = Math.floor((to - from) / count);
      return Array.from({ length: count }, (_, i) => ({
        head,
        from: from + i * length,
        steps: length,
      }));
    }).filter(({ steps }) => steps >= SHORTEST);
    const longest = parts.toSorted((a, b) => b.steps - a.steps || a.from - b.from).slice(0, MOST);
    return longest.sort((a, b) => a.from - b.from);
  });
}

function runs(steps: Uint8Array): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (const [step, on] of steps.entries()) {
    if (!on) continue;
    const last = found.at(-1);
    if (last !== undefined && step - last.to <= PAUSE) last.to = step + 1;
    else found.push({ from: step, to: step + 1 });
  }
  return found;
}
