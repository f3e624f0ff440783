import { cString } from "../core/c_string.ts";
import type { Sample, SampleSink } from "./capture_pipeline.ts";
import type { FrameConverter } from "./frame_converter.ts";
import type { Native } from "./native.ts";
import { OFFSETS, SIZES } from "./struct_offsets.ts";

const FORMAT_TIME = 3;
const NO_TIME = 0xffff_ffff_ffff_ffffn;
const ASYNC = cString("async");
const NO = cString("false");
const STATS = cString("stats");
const RENDERED = cString("rendered");
const LATE = cString("dropped");

/** Memory kept for later buffers: as many as are taken in a row at most. */
const MOST_FREE = 8;

/** An appsink. No call blocks. */
export class AppSink implements SampleSink {
  readonly #native: Native;
  readonly #sink: Deno.PointerObject;
  readonly #depth: number;
  readonly #gvalue = new Uint8Array(SIZES.GValue);
  readonly #number = new BigUint64Array(1);
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
  readonly #converter: FrameConverter | undefined;
  #taken = 0;
  #arrived = 0;
  #late = 0;
  #dropped = 0;

  /**
   * @param sink owned from here on.
   * @param depth its `max-buffers`.
   * @param leaky its `drop`.
   * @param converter makes frames of its buffers when they are read.
   */
  constructor(
    native: Native,
    sink: Deno.PointerObject,
    depth: number,
    leaky: boolean,
    converter?: FrameConverter,
  ) {
    this.#native = native;
    this.#converter = converter;
    this.#sink = sink;
    this.#depth = leaky ? depth : Infinity;
  }

  get arrived(): number {
    return this.#arrived;
  }

  get dropped(): number {
    return this.#dropped + this.#late;
  }

  get waiting(): boolean {
    return this.#arrived - this.#dropped > this.#taken;
  }

  get ended(): boolean {
    return this.#native.gst_app_sink_is_eos(this.#sink) !== 0;
  }

  /** Makes the stream start without waiting for the others; only while the pipeline is stopped. */
  startAlone(): void {
    this.#native.gst_util_set_object_arg(this.#sink, ASYNC, NO);
  }

  count(): void {
    const native = this.#native;
    this.#gvalue.fill(0);
    native.g_value_init(this.#gvalue, native.gst_structure_get_type());
    native.g_object_get_property(this.#sink, STATS, this.#gvalue);
    const stats = native.g_value_get_boxed(this.#gvalue);
    this.#arrived = this.#field(stats, RENDERED);
    this.#late = this.#field(stats, LATE);
    native.g_value_unset(this.#gvalue);
    this.#dropped = Math.max(this.#dropped, this.#arrived - this.#taken - this.#depth);
  }

  /** @param waitNs how long to wait for a buffer. */
  take(waitNs = 0n): Sample | undefined {
    const native = this.#native;
    const sample = native.gst_app_sink_try_pull_sample(this.#sink, waitNs);
    if (sample === null) return undefined;
    this.#taken++;
    const buffer = native.gst_sample_get_buffer(sample)!;
    const ptsNs = this.#ptsNs(sample, buffer);
    const size = native.gst_buffer_get_size(buffer);
    if (this.#converter) return this.#converter.hold(ptsNs, sample, Number(size));
    const data = this.#memory(Number(size));
    native.gst_buffer_extract(buffer, 0n, data, size);
    native.gst_mini_object_unref(sample);
    return { ptsNs, data };
  }

  /** V8 would free the memory late, and collect garbage for it. */
  recycle(data: Uint8Array<ArrayBuffer>): void {
    if (this.#free.length < MOST_FREE) this.#free.push(data);
  }

  /** Releases the appsink; the pipeline must have stopped. */
  release(): void {
    this.#native.gst_object_unref(this.#sink);
  }

  /** Running time of a sample. */
  #ptsNs(sample: Deno.PointerObject, buffer: Deno.PointerObject): number | undefined {
    const native = this.#native;
    const pts = new Deno.UnsafePointerView(buffer).getBigUint64(OFFSETS.GstBuffer.pts);
    if (pts === NO_TIME) return undefined;
    const segment = native.gst_sample_get_segment(sample);
    const sign = native.gst_segment_to_running_time_full(segment, FORMAT_TIME, pts, this.#number);
    return sign === 0 ? undefined : sign * Number(this.#number[0]);
  }

  #memory(bytes: number): Uint8Array<ArrayBuffer> {
    const free = this.#free.pop();
    return free?.length === bytes ? free : new Uint8Array(bytes);
  }

  #field(structure: Deno.PointerValue, name: Uint8Array<ArrayBuffer>): number {
    this.#number[0] = 0n;
    this.#native.gst_structure_get_uint64(structure, name, this.#number);
    return Number(this.#number[0]);
  }
}
