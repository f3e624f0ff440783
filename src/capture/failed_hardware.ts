import type { BusMessage } from "./bus.ts";
import type { CapturePlan } from "./plan.ts";

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

/** The converter does not accept the pictures. */
const REFUSED = /not-negotiated|delayed link/i;
/** An element after the one that reports it failed without a message. */
const DOWNSTREAM = /reason error \(-5\)/;

/** The hardware element of a plan that an error comes from: a decoder, or the converter; undefined if neither. */
export function blamedElement(
  { kind, factory, text, detail }: BusMessage,
  { hardware, converter }: Pick<CapturePlan, "hardware" | "converter">,
): string | undefined {
  if (factory !== undefined && [...hardware, converter].includes(factory)) return factory;
  return kind !== "missing" && REFUSED.test(`${text} ${detail}`) ? converter : undefined;
}

/** Whether an error may be that of a decoder which does not say so itself. */
export function mayBeDecoder({ kind, detail }: BusMessage): boolean {
  return kind === "error" && DOWNSTREAM.test(detail);
}
