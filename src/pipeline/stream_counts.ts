import type { Log } from "../core/log.ts";
import { counted } from "../core/quantities.ts";
import { type Counts, sumCounts } from "./counts.ts";
import type { SourceStream } from "./stream.ts";

/** Counters of a pipeline's streams, over all runs of its source. */
export class StreamCounts {
  #stream: Pick<SourceStream, "stats"> | undefined;
  #past: Counts = {};

  /** Counts a stream that starts. */
  begin(stream: Pick<SourceStream, "stats">): void {
    this.#stream = stream;
  }

  /** Keeps the counters of the stream, which has ended. */
  end(): void {
    this.#past = this.#now();
    this.#stream = undefined;
  }

  /** Hops since the start. */
  get hops(): number {
    return this.#now().hops ?? 0;
  }

  /** The part of `P/NAME/stats` about frames, audio, hops and time steps. */
  stats() {
    const count = this.#now();
    return {
      frames: {
        captured: count.frames ?? 0,
        encoded: count.encodedFrames ?? 0,
        reused: count.reusedFrames ?? 0,
        unused: count.unusedFrames ?? 0,
        dropped: count.droppedFrames ?? 0,
        overwritten: count.overwrittenFrames ?? 0,
        rejected: count.rejectedFrames ?? 0,
      },
      audio: {
        samples: count.samples ?? 0,
        missing: count.missingSamples ?? 0,
        overwritten: count.overwrittenSamples ?? 0,
        dropped_buffers: count.droppedAudioBuffers ?? 0,
        drift_added: count.driftSamplesAdded ?? 0,
        drift_removed: count.driftSamplesRemoved ?? 0,
      },
      hops: {
        run: count.hops ?? 0,
        early: count.earlyHops ?? 0,
        encoded: count.encodedWindows ?? 0,
        skipped: count.skippedHops ?? 0,
      },
      steps: {
        grounded: count.steps ?? 0,
        silent: count.silentSteps ?? 0,
        weak: count.weakSteps ?? 0,
        lost: count.lostSteps ?? 0,
        unpaired: count.unpairedSteps ?? 0,
        invalid: count.invalidSteps ?? 0,
      },
    };
  }

  #now(): Counts {
    return sumCounts(this.#past, this.#stream?.stats() ?? {});
  }
}

/** Logs time steps that could not be used, each once. */
export class StepWarnings {
  readonly #warned: Record<string, number> = {};

  /** @param steps since the start. */
  warn(
    { lost, unpaired, invalid }: Readonly<Record<"lost" | "unpaired" | "invalid", number>>,
    log: Log,
  ): void {
    const bad = {
      "left the audio window before they could be processed": lost,
      "without a frame close enough in time": unpaired,
      "with values that are not finite": invalid,
    };
    for (const [what, count] of Object.entries(bad)) {
      const more = count - (this.#warned[what] ?? 0);
      this.#warned[what] = count;
      if (more > 0) log("warning", `${counted(more, "time step")} ${what}`);
    }
  }
}
