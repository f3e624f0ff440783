import { launchFault, launchValue, RecordError, spawnLaunch } from "./gst_process.ts";
import type { VideoFormat } from "./video_format.ts";
import { giveName } from "./write_whole.ts";

/** What a video is encoded from. */
export interface EncoderOptions {
  readonly format: VideoFormat;
  /** Pixels; a multiple of 4, so that rows are not padded. */
  readonly width: number;
  /** Pixels; even. */
  readonly height: number;
  /** Pictures per second. */
  readonly rate: number;
  /** Path of a media file with the sound. */
  readonly audio: string;
  /** Path of the video; it appears when it is finished. */
  readonly target: string;
  readonly signal?: AbortSignal;
}

/** Encodes RGB pictures and the sound of a file in a process of its own. */
export class VideoEncoder {
  readonly #target: string;
  readonly #part: string;
  readonly #process: Deno.ChildProcess;
  readonly #said: Promise<string>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  /** @throws {RecordError} if `gst-launch-1.0` is not installed. */
  constructor({ format, width, height, rate, audio, target, signal }: EncoderOptions) {
    this.#target = target;
    this.#part = `${target}.part`;
    this.#process = spawnLaunch(
      `${format.mux} name=mux ! filesink location=${launchValue(this.#part)} ` +
        `fdsrc fd=0 ! rawvideoparse format=rgb width=${width} height=${height} ` +
        `framerate=${rate}/1 ! videoconvert ! queue ! ${format.video} ! queue ! mux. ` +
        `filesrc location=${launchValue(audio)} ! ` +
        `decodebin expose-all-streams=false caps="audio/x-raw(ANY)" ! ` +
        `queue ! audioconvert ! audioresample ! ${format.audio} ! queue ! mux.`,
      { stdin: "piped", stdout: "null" },
      signal,
    );
    this.#said = new Response(this.#process.stderr).text();
    this.#writer = this.#process.stdin.getWriter();
  }

  /** Encodes a picture, `[height, width, 3]`; it may be changed when the promise is settled. */
  async write(picture: Uint8Array): Promise<void> {
    await this.#writer.ready;
    await this.#writer.write(picture);
  }

  /** Finishes the file. @throws {RecordError} if it could not be written. */
  async finish(): Promise<void> {
    await this.#writer.close();
    const { success } = await this.#process.status;
    if (!success) throw await this.fault();
    await giveName(this.#part, this.#target);
  }

  /** Ends the process and removes what it has written. */
  async abandon(): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await Promise.allSettled([this.#process.status, this.#writer.abort()]);
    await Deno.remove(this.#part).catch(() => {});
  }

  /** Why it failed; call it when it has. */
  async fault(cause?: unknown): Promise<RecordError> {
    return new RecordError(`Cannot write ${this.#target}: ${launchFault(await this.#said)}`, {
      cause,
    });
  }
}
