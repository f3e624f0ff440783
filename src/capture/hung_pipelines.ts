/** A pipeline that did not stop in time. */
export interface HungPipeline {
  /** Frees it if it has stopped by now; returns whether it has. */
  tryFree(): boolean;
}

const hung = new Map<string, { readonly pipeline: HungPipeline; readonly sinceMs: number }>();

/** Remembers a pipeline that did not stop: opening the same source again would leave more threads hanging. */
export function keepHung(launch: string, pipeline: HungPipeline): void {
  hung.set(launch, { pipeline, sinceMs: performance.now() });
}

/** Seconds for which a pipeline of this launch text has failed to stop; undefined if there is none. Frees one that stopped. */
export function hungFor(launch: string): number | undefined {
  const found = hung.get(launch);
  if (found === undefined) return undefined;
  if (!found.pipeline.tryFree()) return (performance.now() - found.sinceMs) / 1000;
  hung.delete(launch);
  return undefined;
}
