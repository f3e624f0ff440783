import sharp from "sharp";
import { McapFile } from "../../mcap/mcap_file.ts";
import type { McapEncoder, McapProfile } from "../../mcap/mcap_profile.ts";
import type { ProfileName } from "../../mcap/profile_names.ts";
import { PROFILES } from "../../mcap/profiles.ts";
import type { ClipFindings } from "../../record/clip_findings.ts";
import type { ClipFrame } from "../../record/clip_video.ts";
import type { Telemetry } from "../../telemetry/telemetry.ts";
import type { TelemetryMessage } from "../../telemetry/topics.ts";

/** Pictures per second. */
const RATE = 10;
const QUALITY = 85;

/** The MCAP file of one clip: what the analysis finds, then the clip's pictures. It appears when it is finished. */
export class ClipMcap implements AsyncDisposable {
  readonly #path: string;
  readonly #file: McapFile;
  readonly #profile: McapProfile;
  readonly #encoder: McapEncoder;
  #writing = Promise.resolve();
  #nextPicture = 0;
  #finished = false;

  private constructor(path: string, file: McapFile, profile: McapProfile, pipeline: string) {
    this.#path = path;
    this.#file = file;
    this.#profile = profile;
    this.#encoder = profile.encoder(pipeline);
  }

  static async create(path: string, pipeline: string, name: ProfileName): Promise<ClipMcap> {
    await Deno.remove(`${path}.part`).catch(() => {});
    const profile = PROFILES[name];
    const file = await McapFile.create(`${path}.part`, pipeline, profile);
    return new ClipMcap(path, file, profile, pipeline);
  }

  /** Writes what an analysis tells. */
  listen(telemetry: Telemetry): Disposable {
    const topics = this.#profile.topics.filter((topic) => topic !== "picture");
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
