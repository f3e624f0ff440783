import type { Damage } from "../capture/coverage.ts";

/** Difference of the ends of picture and sound that is worth a warning, s. */
const NOTABLE = 1;

/** "7.8 s of 20.0 s could be read; it is damaged or was cut off". */
export function damageText({ readSeconds, ofSeconds, error }: Damage): string {
  const whole = ofSeconds === undefined ? "" : ` of ${seconds(ofSeconds)}`;
  const why = error ?? "it is damaged or was cut off";
  return `only ${seconds(readSeconds)}${whole} could be read; ${why}`;
}

/** A warning if picture and sound end at different times: what only one of them covers is not processed. */
export function shorterStream(
  { video, audio }: Partial<Readonly<Record<"video" | "audio", number>>>,
): string | undefined {
  if (video === undefined || audio === undefined) return undefined;
  if (Math.abs(video - audio) <= NOTABLE * 1e9) return undefined;
  const [first, last] = video < audio ? ["picture", "sound"] : ["sound", "picture"];
  const [from, to] = [Math.min(video, audio), Math.max(video, audio)].map((ns) => ns / 1e9);
  return `the ${first} ends at ${seconds(from)}, the ${last} at ${seconds(to)}; ` +
    "the time between them is not processed";
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}
