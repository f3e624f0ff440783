import { z } from "zod";

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;
const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600 } as const;

/** A duration such as `250ms`, `2s`, `5m`, `1h`; parsed to seconds. */
export const durationSchema = z.string().regex(DURATION, "must be a duration such as 250ms or 2s")
  .transform((text) => {
    const [, value, unit] = text.match(DURATION)!;
    return Number(value) * SECONDS[unit as keyof typeof SECONDS];
  });

const LEVEL = /^(-?\d+(?:\.\d+)?) ?dBFS$/;

/** A level relative to full scale such as `-55dBFS` (RMS, AES17 without its 3 dB offset); parsed to decibels. */
export const levelSchema = z.string().regex(LEVEL, "must be a level such as -55dBFS")
  .transform((text) => Number(text.match(LEVEL)![1]));

const ANGLE = /^(\d+(?:\.\d+)?) ?(deg|rad)$/;

/** An angle such as `78deg` or `1.36rad`; parsed to radians (REP 103). */
export const angleSchema = z.string().regex(ANGLE, "must be an angle such as 78deg or 1.36rad")
  .transform((text) => {
    const [, value, unit] = text.match(ANGLE)!;
    return unit === "deg" ? Number(value) * Math.PI / 180 : Number(value);
  });
