import { cString } from "../core/c_string.ts";
import { withDeadline } from "../core/deadline.ts";
import type { PictureSize } from "../core/fit_geometry.ts";
import { maskSecrets } from "../core/secrets.ts";
import { AppSink } from "./app_sink.ts";
import { Bus } from "./bus.ts";
import { cannot, CaptureError } from "./capture_error.ts";
import type { CapturePipeline, StartOptions } from "./capture_pipeline.ts";
import { rankDecoders } from "./decoder_ranks.ts";
import { FrameConverter } from "./frame_converter.ts";
import { keepHung, MOST_HUNG, stillHung } from "./hung_pipelines.ts";
import { loadNative, type Native, takeError, takeString } from "./native.ts";
import type { CapturePlan } from "./plan.ts";
import {
  CONVERTED_SINK,
  FRAME_SINK,
  JPEG_SINK,
  JPEG_VALVE,
  PICTURE,
  PICTURE_SOURCE,
  SAMPLE_SINK,
  SINK_DEPTH,
} from "./sink_bin.ts";
import { startPipeline, type StateProgress, type TargetState } from "./start_pipeline.ts";
import { SIZES } from "./struct_offsets.ts";

const STATE = { none: 0, null: 1, ready: 2, paused: 3, playing: 4 } as const;
const CHANGE = { failure: 0, success: 1, async: 2, noPreroll: 3 } as const;
const FORMAT_TIME = 3;
const ITERATOR_OK = 1;

const SINK_PAD = cString("sink");
const WIDTH = cString("width");
const HEIGHT = cString("height");
const DROP = cString("drop");
const PIXEL_SHAPE = cString("pixel-aspect-ratio");

/** Time that GStreamer gets to create the elements of a launch text, ms. */
const BUILD_MS = 30_000;
/** Time that a pipeline gets to stop, ms. */
const STOP_MS = 2_000;
/** Interval of the check whether a pipeline has stopped, ms. */
const LOOK_MS = 2;

/**
 * A GStreamer pipeline with the appsinks of a plan.
 *
 * A state change can block forever in a driver or on a file, so GStreamer makes it on one of its own threads; this class
 * polls its progress.
 */
export class GstPipeline implements CapturePipeline {
  readonly frames: AppSink;
  readonly samples: AppSink;
  readonly pictures: AppSink | undefined;
  readonly bus: Bus;
  readonly #native: Native;
  readonly #pipeline: Deno.PointerObject;
  readonly #launch: string;
  readonly #clock: Deno.PointerObject;
  readonly #picturePad: Deno.PointerObject;
  readonly #state = new Int32Array(2);
  readonly #valve: Deno.PointerObject | undefined;
  readonly #converter: FrameConverter | undefined;
  #unrank: (() => void) | undefined;
  #requested: TargetState | undefined;
  #pictureCaps: Deno.PointerValue = null;

  private constructor(
    native: Native,
    pipeline: Deno.PointerObject,
    plan: CapturePlan,
    unrank: () => void,
  ) {
    this.#unrank = unrank;
    const depth = plan.live ? "leaky" : "waiting";
    const sink = (name: string, stream: "video" | "audio", converter?: FrameConverter) =>
      new AppSink(
        native,
        elementNamed(native, pipeline, name),
        SINK_DEPTH[stream][depth],
        plan.live,
        converter,
      );
    if (plan.converts === "when read") {
      const converted = elementNamed(native, pipeline, CONVERTED_SINK);
      this.#converter = new FrameConverter(
        native,
        elementNamed(native, pipeline, PICTURE_SOURCE),
        new AppSink(native, converted, Infinity, false),
      );
    }
    this.#native = native;
    this.#pipeline = pipeline;
    this.#launch = plan.launch;
    this.frames = sink(FRAME_SINK, "video", this.#converter);
    this.samples = sink(SAMPLE_SINK, "audio");
    if (plan.pictures) {
      this.pictures = new AppSink(native, elementNamed(native, pipeline, JPEG_SINK), 0, true);
      this.#valve = elementNamed(native, pipeline, JPEG_VALVE);
    }
    this.bus = new Bus(native, native.gst_element_get_bus(pipeline)!);
    // Sound cards offer their own clock, which drifts from the system's by seconds a day.
    this.#clock = native.gst_system_clock_obtain()!;
    native.gst_pipeline_use_clock(pipeline, this.#clock);
    const picture = elementNamed(native, pipeline, PICTURE);
    this.#picturePad = native.gst_element_get_static_pad(picture, SINK_PAD)!;
    native.gst_object_unref(picture);
  }

  /**
   * Builds the pipeline of a plan without starting it.
   *
   * @throws {CaptureError} when the launch text is invalid, or when too many earlier pipelines of the same plan hang.
   */
  static async build(plan: CapturePlan): Promise<GstPipeline> {
    const native = await loadNative();
    const hung = stillHung(plan.launch);
    if (hung >= MOST_HUNG) {
      throw cannot(plan.video, `it hangs: ${hung} attempts have not closed; restart the process`);
    }
    const unrank = rankDecoders(native, plan);
    const text = cString(plan.launch);
    const error = new BigUint64Array(1);
    const building = native.gst_parse_launch(text, error)
      // Both buffers must live until the call returns.
      .then((pipeline) => ({ pipeline, fault: error[0], text }));
    const { pipeline, fault } = await withDeadline(BUILD_MS, building, () => {
      building.then(({ pipeline }) => pipeline && native.gst_object_unref(pipeline));
      unrank();
      return new CaptureError(
        `Cannot build the capture: GStreamer takes more than ${BUILD_MS / 1000} s`,
        plan.video.path,
      );
    });
    if (fault !== 0n || pipeline === null) {
      const reason = maskSecrets(takeError(native, fault));
      if (pipeline !== null) native.gst_object_unref(pipeline);
      unrank();
      throw new CaptureError(`Cannot build the capture: ${reason}`, plan.video.path, true);
    }
    return new GstPipeline(native, pipeline, plan, unrank);
  }

  start(plan: CapturePlan, options: StartOptions): Promise<void> {
    return startPipeline(this, plan, options);
  }

  /** Requests a state. The next request must wait until {@linkcode progress} reports that this one is reached or failed. */
  request(state: TargetState): void {
    const target = Deno.UnsafePointer.create(BigInt(STATE[state]));
    const native = this.#native;
    this.#requested = state;
    native.gst_element_call_async(this.#pipeline, native.gst_element_set_state, target, null);
  }

  /** The first of these elements, by factory, that is part of the pipeline now; undefined if none is. */
  using(factories: readonly string[]): string | undefined {
    const native = this.#native;
    const iterator = native.gst_bin_iterate_recurse(this.#pipeline)!;
    let found: string | undefined;
    for (;;) {
      const value = new Uint8Array(SIZES.GValue);
      if (native.gst_iterator_next(iterator, value) !== ITERATOR_OK) break;
      const factory = native.gst_element_get_factory(native.g_value_get_object(value));
      const name = factory === null ? "" : takeString(native, native.gst_object_get_name(factory));
      if (factories.includes(name)) found ??= name;
      native.g_value_unset(value);
    }
    native.gst_iterator_free(iterator);
    return found;
  }

  /** Progress of the last request. */
  progress(): StateProgress {
    const { change, state, pending } = this.#look();
    if (change === CHANGE.failure) return "failed";
    const reached = state === STATE[this.#requested ?? "null"] && pending === STATE.none;
    if (!reached) return "going";
    return change === CHANGE.noPreroll ? "live" : "reached";
  }

  encodePictures(on: boolean): void {
    if (this.#valve === undefined) return;
    this.#native.gst_util_set_object_arg(this.#valve, DROP, cString(String(!on)));
  }

  durationNs(): number | undefined {
    const duration = new BigInt64Array(1);
    const known = this.#native.gst_element_query_duration(this.#pipeline, FORMAT_TIME, duration);
    return known === 0 || duration[0] <= 0n ? undefined : Number(duration[0]);
  }

  epochZeroNs(): bigint {
    const running = this.#native.gst_clock_get_time(this.#clock) -
      this.#native.gst_element_get_base_time(this.#pipeline);
    return BigInt(Date.now()) * 1_000_000n - running;
  }

  newPicture(): PictureSize | undefined {
    const native = this.#native;
    const caps = native.gst_pad_get_current_caps(this.#picturePad);
    if (caps === null) return undefined;
    if (this.#pictureCaps !== null && Deno.UnsafePointer.equals(caps, this.#pictureCaps)) {
      native.gst_mini_object_unref(caps);
      return undefined;
    }
    this.#dropPicture();
    this.#pictureCaps = caps;
    const structure = native.gst_caps_get_structure(caps, 0);
    const [width, height, parN, parD] = [0, 0, 1, 1].map((value) => Int32Array.of(value));
    native.gst_structure_get_int(structure, WIDTH, width);
    native.gst_structure_get_int(structure, HEIGHT, height);
    native.gst_structure_get_fraction(structure, PIXEL_SHAPE, parN, parD);
    return { width: width[0], height: height[0], parN: parN[0], parD: parD[0] };
  }

  /** Whether its source has given data, as of the last count. */
  get delivered(): boolean {
    return this.frames.arrived + this.samples.arrived > 0;
  }

  /** Gives up after two seconds; a pipeline that hangs is freed when the same source is opened again and it has stopped by then. */
  async stop(): Promise<string | undefined> {
    this.#converter?.finish();
    const deadlineMs = performance.now() + STOP_MS;
    if (this.#requested !== undefined) {
      // Requests that have not begun may be served out of order.
      while (!this.#begun() && performance.now() < deadlineMs) await pause();
      this.request("null");
    }
    while (!this.tryFree()) {
      if (performance.now() > deadlineMs) return this.#abandon();
      await pause();
    }
    return undefined;
  }

  /** Frees everything if the pipeline has stopped; returns whether it has. Do not call it again after that. */
  tryFree(): boolean {
    if (this.progress() !== "reached") return false;
    const native = this.#native;
    this.frames.release();
    this.samples.release();
    this.pictures?.release();
    this.#converter?.release();
    if (this.#valve !== undefined) native.gst_object_unref(this.#valve);
    this.#dropPicture();
    native.gst_object_unref(this.#picturePad);
    this.bus.release();
    native.gst_object_unref(this.#clock);
    native.gst_object_unref(this.#pipeline);
    this.#releaseRanks();
    return true;
  }

  #abandon(): string {
    this.#releaseRanks();
    const count = keepHung(this.#launch, this);
    return `it is left behind with its threads and memory (${count} of at most ${MOST_HUNG})`;
  }

  /** Ranks matter until its decoders are chosen; if it hangs, other pipelines must not wait for its end. */
  #releaseRanks(): void {
    this.#unrank?.();
    this.#unrank = undefined;
  }

  #begun(): boolean {
    const { change, state, pending } = this.#look();
    return change === CHANGE.failure || pending !== STATE.none ||
      state === STATE[this.#requested ?? "null"];
  }

  #look(): { change: number; state: number; pending: number } {
    const [state, pending] = [this.#state.subarray(0, 1), this.#state.subarray(1)];
    const change = this.#native.gst_element_get_state(this.#pipeline, state, pending, 0n);
    return { change, state: state[0], pending: pending[0] };
  }

  #dropPicture(): void {
    if (this.#pictureCaps !== null) this.#native.gst_mini_object_unref(this.#pictureCaps);
    this.#pictureCaps = null;
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}

function elementNamed(
  native: Native,
  pipeline: Deno.PointerObject,
  name: string,
): Deno.PointerObject {
  return native.gst_bin_get_by_name(pipeline, cString(name))!;
}
