import { ModelError } from "../manifest.ts";

/** What the file name of a wheel says (PyPA's binary distribution format). */
export interface WheelName {
  /** Normalized, such as `onnxruntime-gpu`. */
  readonly distribution: string;
  readonly version: string;
  /** Such as `manylinux_2_28_x86_64`. */
  readonly platforms: readonly string[];
}

/** The machine that a wheel must fit. */
export interface WheelMachine {
  /** `x86_64` or `aarch64`. */
  readonly arch: string;
  /** Minor version of glibc 2. */
  readonly glibc: number;
}

const LEGACY: Readonly<Record<string, number>> = {
  manylinux1: 5,
  manylinux2010: 12,
  manylinux2014: 17,
};

/**
 * Reads the file name of a wheel.
 *
 * @throws {ModelError} when it has another form.
 */
export function parseWheelName(file: string): WheelName {
  const match = /^([\w.]+)-([\w.!+]+)(?:-\d\w*)?-[\w.]+-[\w.]+-([\w.]+)\.whl$/.exec(file);
  if (match === null) {
    throw new ModelError(
      `Cannot install ${file}: it must have a wheel's name, such as onnxruntime_gpu-1.23.0-cp310-cp310-linux_aarch64.whl`,
    );
  }
  const [, name, version, platforms] = match;
  return {
    distribution: name.toLowerCase().replace(/[._-]+/g, "-"),
    version,
    platforms: platforms.split("."),
  };
}

/** Why a wheel does not fit a machine; undefined when it does, as far as its name tells. */
export function platformFault({ platforms }: WheelName, machine: WheelMachine): string | undefined {
  const faults = platforms.map((platform) => faultOf(platform, machine));
  return faults.includes(undefined) ? undefined : faults[0];
}

function faultOf(platform: string, { arch, glibc }: WheelMachine): string | undefined {
  const match = /^(linux|manylinux\d+|manylinux_2_(\d+))_(x86_64|aarch64)$/.exec(platform);
  if (match === null) return `it must be for Linux with glibc, got ${platform}`;
  const [, kind, minor, built] = match;
  if (built !== arch) return `it must be for ${arch}, got ${built}`;
  const needed = Number(minor ?? LEGACY[kind] ?? 0);
  if (needed > glibc) return `it needs glibc 2.${needed}, got 2.${glibc}`;
}
