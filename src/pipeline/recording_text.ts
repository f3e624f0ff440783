import type { Damage } from "../capture/coverage.ts";

/** Difference between the ends of video and audio that causes a warning, s. */
const NOTABLE = 1;

/** "only 7.8 s of 20.0 s could be read; it is damaged or truncated". */
export function damageText({ readSeconds, ofSeconds, error }: Damage): string {
  const whole = ofSeconds === undefined ? "" : ` of ${seconds(ofSeconds)}`;
  const why = error ?? "it is damaged or truncated";
  return `only ${seconds(readSeconds)}${whole} could be read; ${why}`;
}

/** A warning if video and audio end at different times; undefined if they do not. */
export function shorterStream(
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
