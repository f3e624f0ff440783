/** A pipeline that did not stop in time. */
export interface HungPipeline {
  /** Frees it if it has stopped by now; returns whether it has. */
  tryFree(): boolean;
}

const hung = new Map<string, HungPipeline>();

/** Remembers a pipeline that did not stop: opening the same source again would leave more threads hanging. */
export function keepHung(launch: string, pipeline: HungPipeline): void {
  hung.set(launch, pipeline);
}

/** Whether a pipeline of this launch text has still not stopped. Frees one that has. */
export function stillHangs(launch: string): boolean {
  const pipeline = hung.get(launch);
  if (pipeline === undefined) return false;
  if (!pipeline.tryFree()) return true;
  hung.delete(launch);
  return false;
}
