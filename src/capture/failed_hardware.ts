/** Launch texts whose hardware decoder failed in this process, with the reason. */
const failed = new Map<string, string>();

/** Records that a source's hardware decoder failed: from then on it is opened with software. */
export function recordFailedHardware(launch: string, reason: string): void {
  failed.set(launch, reason);
}

/** Why a source's hardware decoder failed; undefined if it did not. */
export function failureOfHardware(launch: string): string | undefined {
  return failed.get(launch);
}
