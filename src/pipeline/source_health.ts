import type { AudioFault } from "../capture/audio_health.ts";
import type { CaptureNotice } from "../capture/media.ts";
import type { PictureFault } from "../capture/picture_health.ts";

const TEXT: Readonly<Record<AudioFault | PictureFault, string>> = {
  digital_silence: "the microphone delivers digital silence",
  constant: "the microphone delivers a constant value",
  clipping: "the microphone clips",
  black: "the picture is black",
  frozen: "the picture is frozen",
};

/** What a source fails to deliver although it runs: nothing at all, or nothing to hear or see. */
export class SourceHealth {
  readonly #starved = new Set<"audio" | "video">();
  readonly #faults = new Map<"audio" | "video", AudioFault | PictureFault>();

  /** Forgets everything: the source was opened again. */
  reset(): void {
    this.#starved.clear();
    this.#faults.clear();
  }

  /** Follows a notice of the capture. */
  take(notice: CaptureNotice): void {
    if (notice.kind === "starved") this.#starved.add(notice.stream);
    else if (notice.kind === "flowing") this.#starved.delete(notice.stream);
    else if (notice.kind === "useless") this.#faults.set(notice.stream, notice.fault);
    else if (notice.kind === "useful") this.#faults.delete(notice.stream);
  }

  /** One line for `state`; null if nothing is wrong. */
  get reason(): string | null {
    const missing = [...this.#starved].toSorted();
    const parts = missing.length === 0 ? [] : [`no ${missing.join(" and no ")} arrives`];
    for (const stream of ["audio", "video"] as const) {
      const fault = this.#faults.get(stream);
      if (fault !== undefined && !this.#starved.has(stream)) parts.push(TEXT[fault]);
    }
    return parts.join("; ") || null;
  }

  /** The fault of each stream, as `stats` has it. */
  get signal(): Readonly<Record<"audio" | "video", string | null>> {
    const of = (stream: "audio" | "video") =>
      this.#starved.has(stream) ? "missing" : this.#faults.get(stream) ?? null;
    return { audio: of("audio"), video: of("video") };
  }

  /** A level rounded to 0.1 dBFS; null while no audio arrives. */
  audioDbfs(level: number | undefined): number | null {
    return level === undefined || this.#starved.has("audio") ? null : Math.round(level * 10) / 10;
  }
}
