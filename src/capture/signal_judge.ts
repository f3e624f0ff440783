import { AudioHealth } from "./audio_health.ts";
import type { CaptureNotice, Frame } from "./media.ts";
import { PictureHealth } from "./picture_health.ts";
import type { CapturePlan } from "./plan.ts";
import type { Stream } from "./source.ts";

/** Judges what a source delivers, and gives notice when a stream becomes useless or useful again. */
export class SignalJudge {
  readonly #notify: (notice: CaptureNotice) => void;
  readonly #judged: Readonly<Record<Stream, boolean>>;
  readonly #audio: AudioHealth;
  readonly #picture = new PictureHealth();
  readonly #faults: Partial<Record<Stream, string>> = {};

  constructor(plan: CapturePlan, notify: (notice: CaptureNotice) => void) {
    this.#notify = notify;
    this.#audio = new AudioHealth(plan.sampleRate);
    // Recordings and test patterns may be silent, black or still.
    const judged = (stream: Stream) => plan.reopens && plan[stream].endless !== "generated";
    this.#judged = { video: judged("video"), audio: judged("audio") };
  }

  /** Level of the last second of audio, dBFS; undefined before there is one. */
  get level(): number | undefined {
    return this.#audio.level;
  }

  /** Takes an RGB picture. */
  frame(frame: Frame): void {
    // Reading its data would convert it.
    if (!this.#judged.video || !this.#picture.due(frame.ptsNs)) return;
    this.#picture.take(frame.ptsNs, frame.data);
    const { fault } = this.#picture;
    if (fault === this.#faults.video) return;
    this.#faults.video = fault;
    this.#notify(
      fault ? { kind: "useless", stream: "video", fault } : { kind: "useful", stream: "video" },
    );
  }

  /** Takes consecutive samples. */
  samples(samples: Float32Array): void {
    this.#audio.take(samples);
    if (!this.#judged.audio) return;
    const { fault } = this.#audio;
    if (fault === this.#faults.audio) return;
    this.#faults.audio = fault;
    this.#notify(
      fault ? { kind: "useless", stream: "audio", fault } : { kind: "useful", stream: "audio" },
    );
  }
}
