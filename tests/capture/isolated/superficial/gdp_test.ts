import assert from "node:assert/strict";
import { GdpReader } from "../../../../src/capture/isolated/superficial/gdp.ts";

/** The packets that the real `gdppay` makes of a graph. */
async function packets(graph: string): Promise<Uint8Array<ArrayBuffer>[]> {
  const { success, stdout } = await new Deno.Command("gst-launch-1.0", {
    args: ["-q", ...graph.split(" "), "!", "gdppay", "crc-header=false", "!", "fdsink"],
  }).output();
  assert.ok(success);
  const found: Uint8Array<ArrayBuffer>[] = [];
  const view = new DataView(stdout.buffer, stdout.byteOffset, stdout.length);
  for (let at = 0; at < stdout.length;) {
    const end = at + 62 + view.getUint32(at + 6);
    found.push(new Uint8Array(stdout.subarray(at, end)));
    at = end;
  }
  return found;
}

Deno.test("packets of gdppay give their buffers and time stamps", async () => {
  const video = await packets(
    "videotestsrc pattern=red num-buffers=3 ! video/x-raw,format=RGB,width=4,height=2,framerate=10/1",
  );
  const reader = new GdpReader();
  const samples = video.map((packet) => reader.read(packet)).filter((sample) => sample);
  assert.ok(video.length > samples.length, "there are other packets, too");
  assert.deepEqual(samples.map((sample) => sample!.ptsNs), [0, 1e8, 2e8]);
  const red = Array.from({ length: 8 }, () => [255, 0, 0]).flat();
  for (const sample of samples) assert.deepEqual([...sample!.data], red);
});

Deno.test("packets without a whole header or payload are errors", async () => {
  const [packet] = await packets("videotestsrc num-buffers=1 ! video/x-raw,width=4,height=2");
  for (const length of [0, 20, 61, packet.length - 1]) {
    assert.throws(() => new GdpReader().read(packet.slice(0, length)), RangeError);
  }
});

Deno.test("time stamps are running times: a segment's start is subtracted", async () => {
  const sound = await packets(
    "audiotestsrc num-buffers=2 samplesperbuffer=1600 timestamp-offset=5000000000 ! " +
      "audio/x-raw,format=F32LE,rate=16000,channels=1",
  );
  const reader = new GdpReader();
  const samples = sound.flatMap((packet) => reader.read(packet) ?? []);
  assert.deepEqual(samples.map(({ ptsNs }) => ptsNs), [5e9, 5.1e9]);
  // Samples of sound can be read as floats only if they are aligned.
  assert.deepEqual(samples.map(({ data }) => new Float32Array(data.buffer).length), [1600, 1600]);
  const segment = 'GstEventSegment, segment=(GstSegment)"segment, base=(guint64)1000000000, ' +
    'offset=(guint64)0, start=(guint64)4000000000;"';
  const packet = new Uint8Array(62 + segment.length);
  new DataView(packet.buffer).setUint16(4, 0x464e);
  new DataView(packet.buffer).setUint32(6, segment.length);
  packet.set(new TextEncoder().encode(segment), 62);
  assert.equal(reader.read(packet), undefined);
  const later = sound.flatMap((each) =>
    new DataView(each.buffer).getUint16(4) === 1 ? reader.read(each) ?? [] : []
  );
  assert.deepEqual(later.map(({ ptsNs }) => ptsNs), [2e9, 2.1e9]);
});
