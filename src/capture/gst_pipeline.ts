import { AppSink } from "./app_sink.ts";
import { Bus } from "./bus.ts";
import { CaptureError } from "./capture_error.ts";
import type { PictureSize } from "../core/fit_geometry.ts";
import { cString, loadNative, type Native, takeError } from "./native.ts";
import type { CapturePlan } from "./plan.ts";
import { maskSecrets } from "../core/secrets.ts";
import { FRAME_SINK, PICTURE, SAMPLE_SINK, SINK_DEPTH } from "./sink_bin.ts";

const STATE_NULL = 1;
const STATE_READY = 2;
const STATE_PAUSED = 3;
const STATE_PLAYING = 4;
const STATE_FAILURE = 0;
const STATE_ASYNC = 2;
const STATE_NO_PREROLL = 3;
const SINK_PAD = cString("sink");
const WIDTH = cString("width");
const HEIGHT = cString("height");
const PIXEL_SHAPE = cString("pixel-aspect-ratio");

/** How a start goes on. */
export type Progress = "failed" | "going" | "playing";

/** A GStreamer pipeline with the appsinks of a plan; every reference it holds is given back by `stop`. */
export class GstPipeline {
  readonly frames: AppSink;
  readonly samples: AppSink;
  readonly bus: Bus;
  readonly #native: Native;
  readonly #pipeline: Deno.PointerObject;
  readonly #together: boolean;
  readonly #clock: Deno.PointerObject;
  readonly #picturePad: Deno.PointerObject;
  #pictureCaps: Deno.PointerValue = null;

  private constructor(native: Native, pipeline: Deno.PointerObject, plan: CapturePlan) {
    const depth = plan.live ? "leaky" : "waiting";
    this.#native = native;
    this.#pipeline = pipeline;
    this.#together = plan.together;
    this.frames = new AppSink(
      native,
      elementNamed(native, pipeline, FRAME_SINK),
      SINK_DEPTH.video[depth],
      plan.live,
    );
    this.samples = new AppSink(
      native,
      elementNamed(native, pipeline, SAMPLE_SINK),
      SINK_DEPTH.audio[depth],
      plan.live,
    );
    this.bus = new Bus(native, native.gst_element_get_bus(pipeline)!);
    // Sound cards offer their own clock, which wanders away from the robot's by seconds a day.
    this.#clock = native.gst_system_clock_obtain()!;
    native.gst_pipeline_use_clock(pipeline, this.#clock);
    const picture = elementNamed(native, pipeline, PICTURE);
    this.#picturePad = native.gst_element_get_static_pad(picture, SINK_PAD)!;
    native.gst_object_unref(picture);
  }

  /**
   * Builds the pipeline of a plan; it does not run yet.
   *
   * @throws {CaptureError} when GStreamer does not understand the launch text.
   */
  static async build(plan: CapturePlan): Promise<GstPipeline> {
    const native = await loadNative();
    const error = new BigUint64Array(1);
    const pipeline = await native.gst_parse_launch(cString(plan.launch), error);
    if (error[0] !== 0n || pipeline === null) {
      const reason = maskSecrets(takeError(native, error[0]));
      if (pipeline !== null) native.gst_object_unref(pipeline);
      throw new CaptureError(`Cannot build the capture: ${reason}`, plan.video.path, true);
    }
    return new GstPipeline(native, pipeline, plan);
  }

  /** Asks for data to flow; says whether it comes at its own time (camera, network) or when it is asked for. */
  async play(): Promise<"failed" | "live" | "asked"> {
    const paused = await this.#set(STATE_PAUSED);
    if (paused === STATE_FAILURE) return "failed";
    const live = paused === STATE_NO_PREROLL;
    if (live && this.#together) {
      await this.#set(STATE_READY);
      this.frames.startAlone();
      this.samples.startAlone();
    }
    const playing = await this.#set(STATE_PLAYING);
    if (playing === STATE_FAILURE) return "failed";
    return live ? "live" : "asked";
  }

  /** Waits for both streams to bring something; `going` when they do not within `timeoutMs`. */
  async settle(timeoutMs: number): Promise<Progress> {
    const state = new Int32Array(1);
    const pending = new Int32Array(1);
    const timeout = BigInt(timeoutMs * 1e6);
    const change = await this.#native.gst_element_get_state(
      this.#pipeline,
      state,
      pending,
      timeout,
    );
    if (change === STATE_FAILURE) return "failed";
    return change === STATE_ASYNC ? "going" : "playing";
  }

  /** Epoch time of running time 0, ns. */
  epochZeroNs(): bigint {
    const running = this.#native.gst_clock_get_time(this.#clock) -
      this.#native.gst_element_get_base_time(this.#pipeline);
    return BigInt(Date.now()) * 1_000_000n - running;
  }

  /** The picture as it comes from the source; undefined when it is not known yet or has not changed since the last call. */
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

  /** Stops the data, waits for pulls that are under way, and frees everything. Call once. */
  async stop(): Promise<void> {
    const native = this.#native;
    await this.#set(STATE_NULL);
    await this.frames.release();
    await this.samples.release();
    this.#dropPicture();
    native.gst_object_unref(this.#picturePad);
    this.bus.release();
    native.gst_object_unref(this.#clock);
    await native.gst_dispose(this.#pipeline);
  }

  #set(state: number): Promise<number> {
    return this.#native.gst_element_set_state(this.#pipeline, state);
  }

  #dropPicture(): void {
    if (this.#pictureCaps !== null) this.#native.gst_mini_object_unref(this.#pictureCaps);
    this.#pictureCaps = null;
  }
}

function elementNamed(
  native: Native,
  pipeline: Deno.PointerObject,
  name: string,
): Deno.PointerObject {
  return native.gst_bin_get_by_name(pipeline, cString(name))!;
}
