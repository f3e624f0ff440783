/** A pipeline that did not stop in time. */
export interface HungPipeline {
  /** Frees it if it has stopped by now; whether it has. */
  tryFree(): boolean;
}

const hung = new Map<string, { readonly pipeline: HungPipeline; readonly sinceMs: number }>();

/** Keeps a pipeline that did not stop, so that the same source is not opened over and over, each time losing threads. */
export function keepHung(launch: string, pipeline: HungPipeline): void {
  hung.set(launch, { pipeline, sinceMs: performance.now() });
}

/** Seconds since a pipeline of the same launch text was told to stop, if it still has not; otherwise frees it. */
export function hungFor(launch: string): number | undefined {
  const found = hung.get(launch);
  if (found === undefined) return undefined;
  if (!found.pipeline.tryFree()) return (performance.now() - found.sinceMs) / 1000;
  hung.delete(launch);
  return undefined;
}
