import { CaptureError } from "../capture/capture_error.ts";
import type { Damage } from "../capture/coverage.ts";
import type { Capture } from "../capture/media.ts";
import type { PipelineConfig } from "./schema.ts";

/** Difference between the ends of video and audio that causes a warning, s. */
const NOTABLE = 1;

/**
 * Gives notice of a recording that could not be read completely.
 *
 * @throws {CaptureError} instead, with `pace: fast`, unless damage is tolerated.
 */
export function checkRecording(
  capture: Pick<Capture, "damage" | "ends" | "onNotice">,
  { pace, tolerate_damage: tolerated }: PipelineConfig["source"],
): void {
  const warn = (message: string) => capture.onNotice?.({ kind: "warning", message });
  const damage = capture.damage();
  if (damage === undefined) {
    const shorter = shorterStream(capture.ends());
    if (shorter !== undefined) warn(shorter);
    return;
  }
  if (pace === "live" || tolerated) return warn(damageText(damage));
  throw new CaptureError(
    `Cannot read the whole recording: ${damageText(damage)}; ` +
      "--tolerate-damage makes this a warning",
    ["source"],
    true,
  );
}

/** "only 7.8 s of 20.0 s could be read; it is damaged or truncated". */
function damageText({ readSeconds, ofSeconds, error }: Damage): string {
  const whole = ofSeconds === undefined ? "" : ` of ${seconds(ofSeconds)}`;
  const why = error ?? "it is damaged or truncated";
  return `only ${seconds(readSeconds)}${whole} could be read; ${why}`;
}

/** A warning if video and audio end at different times; undefined if they do not. */
function shorterStream(
  { video, audio }: Partial<Readonly<Record<"video" | "audio", number>>>,
): string | undefined {
  if (video === undefined || audio === undefined) return undefined;
  if (Math.abs(video - audio) <= NOTABLE * 1e9) return undefined;
  const [first, last] = video < audio ? ["video", "audio"] : ["audio", "video"];
  const [from, to] = [Math.min(video, audio), Math.max(video, audio)].map((ns) => ns / 1e9);
  return `the ${first} ends at ${seconds(from)}, the ${last} at ${seconds(to)}; ` +
    "the time between is not processed";
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}
