import type { Sample } from "../../capture_pipeline.ts";

/**
 * Layout of a packet of `gdppay`, big-endian: version and flags (4 bytes), type (uint16), length of the payload (uint32), time
 * stamp (uint64, ns); the payload follows after 62 bytes. Source: gst-plugins-bad, gst/gdp/dataprotocol.c.
 */
const HEADER = 62;
const TYPE_AT = 4;
const LENGTH_AT = 6;
const PTS_AT = 10;
const BUFFER = 1;
const NO_TIME = 0xffff_ffff_ffff_ffffn;

/** Reads the packets that `gdppay` makes of one stream. */
export class GdpReader {
  #startNs = 0n;
  #baseNs = 0n;

  /**
   * The buffer in a packet, with its running time; undefined for other packets, such as caps.
   *
   * @throws {RangeError} if the packet is not whole.
   */
  read(packet: Uint8Array<ArrayBuffer>): Sample | undefined {
    const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
    // A copy: samples of sound must be aligned.
    const end = HEADER + view.getUint32(LENGTH_AT);
    if (packet.length < end) throw new RangeError("the packet is not whole");
    const payload = packet.slice(HEADER, end);
    if (view.getUint16(TYPE_AT) !== BUFFER) {
      this.#event(new TextDecoder().decode(payload));
      return undefined;
    }
    const pts = view.getBigUint64(PTS_AT);
    const ptsNs = pts === NO_TIME ? undefined : Number(pts - this.#startNs + this.#baseNs);
    return { ptsNs, data: payload };
  }

  /** Takes note of the segment, which maps time stamps to running time. */
  #event(text: string): void {
    if (!text.startsWith("GstEventSegment,")) return;
    const number = (name: string) =>
      BigInt(new RegExp(`\\b${name}=\\(guint64\\)(\\d+)`).exec(text)?.[1] ?? 0);
    this.#startNs = number("start") + number("offset");
    this.#baseNs = number("base");
  }
}
