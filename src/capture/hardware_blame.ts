import type { BusMessage } from "./bus.ts";
import type { CaptureError } from "./capture_error.ts";
import type { CapturePipeline } from "./capture_pipeline.ts";
import { blamedElement, mayBeDecoder, recordFailedHardware } from "./failed_hardware.ts";
import type { CapturePlan } from "./plan.ts";

/** Finds the hardware element of a running pipeline that is to blame for a failure; with it, its source is opened with software next time. */
export class HardwareBlame {
  readonly #plan: CapturePlan;
  readonly #pipeline: CapturePipeline;
  #blamed: string | undefined;

  constructor(plan: CapturePlan, pipeline: CapturePipeline) {
    this.#plan = plan;
    this.#pipeline = pipeline;
  }

  /** The element that may have caused the first error; undefined if there was none. */
  get blamed(): string | undefined {
    return this.#blamed;
  }

  /** A hardware decoder in use. */
  get inUse(): string | undefined {
    return this.#pipeline.using(this.#plan.hardware);
  }

  /** Takes note of the first error. */
  noteFirst(message: BusMessage): void {
    this.#blamed = blamedElement(message, this.#plan) ??
      (mayBeDecoder(message) ? this.inUse : undefined);
  }

  /** Records an error that is the hardware's own. */
  noteError(message: BusMessage, fault: CaptureError): void {
    const element = blamedElement(message, this.#plan);
    if (element !== undefined) this.#record(`${element} failed (${fault.message})`);
  }

  /** Records that a source which gave no data did not close with a hardware element in use. */
  noteHang(element: string): void {
    this.#record(`${element} hung while no data arrived`);
  }

  #record(reason: string): void {
    const { fallback, launch } = this.#plan;
    if (fallback === undefined) return;
    recordFailedHardware(launch, `${reason}; video is decoded in software`);
  }
}
