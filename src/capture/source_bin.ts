import type { LaunchRequest } from "./source.ts";

/** Encoded data that a demuxer may buffer of one stream while it searches for the other; badly interleaved files need it. */
const INTERLEAVE_BYTES = 128 * 2 ** 20;

/**
 * Launch text after a microphone: buffers of 20 ms; the queue keeps the driver's thread free. Its clock drifts from the system's,
 * so it must not become the pipeline's.
 */
export const MICROPHONE = "latency-time=20000 provide-clock=false ! queue";

/** Launch text of a source of raw data in one stream. */
export function chained(source: string, { streams, tail }: LaunchRequest): string {
  return `${source} ! ${tail(streams[0])}`;
}

/** Launch text of a source of encoded data whose format GStreamer detects. */
export function decoded(source: string, { streams, name, tail, decodebin }: LaunchRequest): string {
  const caps = streams.map((stream) => `${stream}/x-raw(ANY)`).join(";");
  const decoder = `${name}_decoder`;
  return [
    `${source} ! ${decodebin} name=${decoder} expose-all-streams=false caps="${caps}" ` +
    `max-size-bytes=${INTERLEAVE_BYTES}`,
    ...streams.map((stream) => `${decoder}. ! ${tail(stream)}`),
  ].join("  ");
}

/** Launch text of a wave of `audiotestsrc`. */
export function testSound(wave: string, request: LaunchRequest): string {
  return chained(
    `audiotestsrc name=${request.name} wave=${wave} is-live=${request.live} ` +
      // `ticks` leaves the first sample of each tick as it was in memory: as an integer, it is at most full scale.
      "samplesperbuffer=320 ! audio/x-raw,format=S16LE,rate=16000",
    request,
  );
}
