/** A pipeline that did not stop in time. */
export interface HungPipeline {
  /** Whether its source gave data. */
  readonly delivered: boolean;
  /** Frees it if it has stopped by now; returns whether it has. */
  tryFree(): boolean;
}

/** So many pipelines of a source may hang; then it is no longer opened, because each of them keeps threads and memory. */
export const MOST_HUNG = 3;

const hung = new Map<string, HungPipeline[]>();

/** Keeps a pipeline that did not stop; returns how many of its launch text hang. */
export function keepHung(launch: string, pipeline: HungPipeline): number {
  const all = [...hung.get(launch) ?? [], pipeline];
  hung.set(launch, all);
  return all.length;
}

/** How many pipelines of a launch text still hang. Frees those that have stopped. */
export function stillHung(launch: string): number {
  const left = hung.get(launch)?.filter((pipeline) => !pipeline.tryFree()) ?? [];
  if (left.length > 0) hung.set(launch, left);
  else hung.delete(launch);
  return left.length;
}

/**
 * Whether only a new process can open a source again: too many of its pipelines hang, and it has worked in this process. One that
 * never worked would hang in a new process, too.
 */
export function needsNewProcess(): boolean {
  return [...hung].some(([launch, pipelines]) =>
    pipelines.some(({ delivered }) => delivered) && stillHung(launch) >= MOST_HUNG
  );
}
