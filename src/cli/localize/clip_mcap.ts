import sharp from "sharp";
import { CHANNEL_TOPICS } from "../../foxglove/channels.ts";
import { FoxgloveEncoder } from "../../foxglove/foxglove_encoder.ts";
import { McapFile } from "../../mcap/mcap_file.ts";
import type { ClipFindings } from "../../record/clip_findings.ts";
import type { ClipFrame } from "../../record/overlay_video.ts";
import type { Telemetry } from "../../telemetry/telemetry.ts";
import type { TelemetryMessage } from "../../telemetry/topics.ts";

/** Pictures per second. */
const RATE = 10;
const QUALITY = 85;

/** The MCAP file of one clip: what the analysis finds, then the clip's pictures. It appears when it is finished. */
export class ClipMcap implements AsyncDisposable {
  readonly #path: string;
  readonly #file: McapFile;
  readonly #encoder: FoxgloveEncoder;
  #writing = Promise.resolve();
  #nextPicture = 0;
  #finished = false;

  private constructor(path: string, file: McapFile, pipeline: string) {
    this.#path = path;
    this.#file = file;
    this.#encoder = new FoxgloveEncoder(pipeline);
  }

  static async create(path: string, pipeline: string): Promise<ClipMcap> {
    await Deno.remove(`${path}.part`).catch(() => {});
    return new ClipMcap(path, await McapFile.create(`${path}.part`, pipeline), pipeline);
  }

  /** Writes what an analysis tells. */
  listen(telemetry: Telemetry): Disposable {
    const topics = CHANNEL_TOPICS.filter((topic) => topic !== "picture");
    return telemetry.listen(topics, (told) => this.#add(told));
  }

  /** Writes a picture of the clip, unless the last one was less than a tenth of a second ago. */
  async picture(
    { seconds, data, width, height }: ClipFrame,
    { steps }: ClipFindings,
  ): Promise<void> {
    if (seconds < this.#nextPicture || steps.length === 0) return;
    this.#nextPicture = (Math.floor(seconds * RATE + 1e-6) + 1) / RATE - 1e-6;
    const { epochNs, ptsNs } = steps[0].step;
    const runningNs = seconds * 1e9;
    const file = await sharp(data, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: QUALITY }).toBuffer();
    const message = {
      jpeg: new Uint8Array(file),
      ptsNs: runningNs,
      epochNs: epochNs + BigInt(Math.round(runningNs - ptsNs)),
    };
    this.#add({ topic: "picture", message });
    // The video waits, so that pictures do not pile up.
    await this.#writing;
  }

  /** Writes the index; the file has its name then. */
  async finish(): Promise<void> {
    await this.#writing;
    this.#finished = true;
    await this.#file.close();
    await Deno.rename(`${this.#path}.part`, this.#path);
  }

  /** Removes a file that was not finished. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#finished) return;
    await this.#writing.catch(() => {});
    await this.#file.abandon();
    await Deno.remove(`${this.#path}.part`).catch(() => {});
  }

  #add(told: TelemetryMessage): void {
    const messages = this.#encoder.encode(told);
    this.#writing = this.#writing.then(async () => {
      for (const message of messages) await this.#file.write(message);
    });
    // Awaited by the next picture, or by `finish`.
    this.#writing.catch(() => {});
  }
}
