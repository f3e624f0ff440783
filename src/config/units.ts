import { z } from "zod";

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;
const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600 } as const;

/** A duration such as `250ms`, `2s`, `5m`, `1h`; decoded to seconds. */
export const durationSchema = z.codec(
  text(DURATION, "must be a duration such as 250ms or 2s"),
  z.number(),
  {
    decode: (text) => {
      const [, value, unit] = text.match(DURATION)!;
      return Number(value) * SECONDS[unit as keyof typeof SECONDS];
    },
    encode: (seconds) => {
      if (seconds < 1) return `${plain(seconds * 1000)}ms`;
      if (seconds % 3600 === 0) return `${plain(seconds / 3600)}h`;
      return seconds % 60 === 0 ? `${plain(seconds / 60)}m` : `${plain(seconds)}s`;
    },
  },
);

/** A duration from `least` to `most`; decoded to seconds. */
export const durationWithin = (least: string, most: string) => {
  const [from, to] = [durationSchema.parse(least), durationSchema.parse(most)];
  return durationSchema.refine((seconds) => seconds >= from && seconds <= to, {
    message: `must be from ${least} to ${most}`,
  });
};

const SIZE = /^(\d+(?:\.\d+)?) ?(kB|MB|GB)$/;
const BYTES = { kB: 1e3, MB: 1e6, GB: 1e9 } as const;

/** A size such as `500kB`, `10MB`, `2GB`; decoded to bytes. */
export const sizeSchema = z.codec(
  text(SIZE, "must be a size such as 500kB or 10MB"),
  z.number(),
  {
    decode: (text) => {
      const [, value, unit] = text.match(SIZE)!;
      return Number(value) * BYTES[unit as keyof typeof BYTES];
    },
    encode: (bytes) => {
      const unit = bytes >= 1e9 ? "GB" : bytes >= 1e6 ? "MB" : "kB";
      return `${plain(bytes / BYTES[unit])}${unit}`;
    },
  },
);

/** A fraction or coordinate, 0..1. */
export const unitSchema = z.number().min(0).max(1);

const LEVEL = /^(-?\d+(?:\.\d+)?) ?dBFS$/;

/** A level relative to full scale such as `-55dBFS` (RMS, AES17 without its 3 dB offset); decoded to decibels. */
export const levelSchema = z.codec(
  text(LEVEL, "must be a level such as -55dBFS"),
  z.number(),
  {
    decode: (text) => Number(text.match(LEVEL)![1]),
    encode: (decibels) => `${plain(decibels)}dBFS`,
  },
);

const ANGLE = /^(\d+(?:\.\d+)?) ?(deg|rad)$/;

/** An angle such as `78deg` or `1.36rad`; decoded to radians (REP 103). */
export const angleSchema = z.codec(
  text(ANGLE, "must be an angle such as 78deg or 1.36rad"),
  z.number(),
  {
    decode: (text) => {
      const [, value, unit] = text.match(ANGLE)!;
      return unit === "deg" ? Number(value) * Math.PI / 180 : Number(value);
    },
    encode: (radians) => `${plain(radians * 180 / Math.PI)}deg`,
  },
);

function text(pattern: RegExp, message: string) {
  return z.string({ error: message }).regex(pattern, message);
}

function plain(value: number): string {
  return String(Number(value.toFixed(6)));
}
