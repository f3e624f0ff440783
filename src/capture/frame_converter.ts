import { CaptureError } from "./capture_error.ts";
import type { Sample } from "./capture_pipeline.ts";
import type { Native } from "./native.ts";

const FLOW_OK = 0;
/** Time that the conversion of one picture may take, ns. */
const LIMIT_NS = 2_000_000_000n;
/** Larger pictures are converted at once: those of a second or two are kept. 720p has 1.4 MB. */
const MOST_BYTES = 1_500_000;

/** The appsink of the frames. */
interface ConvertedSink {
  take(waitNs: bigint): Sample | undefined;
  recycle(data: Uint8Array<ArrayBuffer>): void;
  release(): void;
}

/** Makes frames of source pictures when they are read: most of a quiet room are not. */
export class FrameConverter {
  readonly #native: Native;
  readonly #input: Deno.PointerObject;
  readonly #output: ConvertedSink;
  readonly #held = new Set<HeldSample>();
  #failed = false;

  /**
   * @param input an appsrc that leads to `output`; owned from here on.
   * @param output an appsink; owned from here on.
   */
  constructor(native: Native, input: Deno.PointerObject, output: ConvertedSink) {
    this.#native = native;
    this.#input = input;
    this.#output = output;
  }

  /** Keeps a sample, which it owns from here on, until its data is read or it is released. */
  hold(ptsNs: number | undefined, sample: Deno.PointerObject, bytes: number): Sample {
    const held = new HeldSample(ptsNs, {
      convert: () => this.#convert(sample),
      unref: () => {
        this.#native.gst_mini_object_unref(sample);
        this.#held.delete(held);
      },
      recycle: (data) => this.#output.recycle(data),
    });
    this.#held.add(held);
    if (bytes > MOST_BYTES) void held.data;
    return held;
  }

  /** Converts what is kept; call it before the pipeline stops. */
  finish(): void {
    try {
      for (const held of this.#held) void held.data;
    } catch {
      // Whoever reads the others gets the error.
    }
  }

  /** Releases both elements; the pipeline must have stopped. */
  release(): void {
    this.#native.gst_object_unref(this.#input);
    this.#output.release();
  }

  #convert(sample: Deno.PointerObject): Uint8Array<ArrayBuffer> {
    const pushed = !this.#failed &&
      this.#native.gst_app_src_push_sample(this.#input, sample) === FLOW_OK;
    const frame = pushed ? this.#output.take(LIMIT_NS) : undefined;
    if (frame !== undefined) return frame.data;
    // A frame that came late would be taken for the next one.
    this.#failed = true;
    throw new CaptureError("Cannot convert a picture of the source: GStreamer gives no frame");
  }
}

interface Keeper {
  convert(): Uint8Array<ArrayBuffer>;
  unref(): void;
  recycle(data: Uint8Array<ArrayBuffer>): void;
}

/** A source picture; its data is the frame made of it. */
class HeldSample implements Sample {
  readonly ptsNs: number | undefined;
  readonly #keeper: Keeper;
  #data: Uint8Array<ArrayBuffer> | undefined;

  constructor(ptsNs: number | undefined, keeper: Keeper) {
    this.ptsNs = ptsNs;
    this.#keeper = keeper;
  }

  get data(): Uint8Array<ArrayBuffer> {
    if (this.#data === undefined) {
      this.#data = this.#keeper.convert();
      this.#keeper.unref();
    }
    return this.#data;
  }

  release(): void {
    if (this.#data === undefined) this.#keeper.unref();
    else this.#keeper.recycle(this.#data);
  }
}
