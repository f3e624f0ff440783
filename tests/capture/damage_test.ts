import assert from "node:assert/strict";
import { openCapture } from "../../src/capture/capture.ts";
import { eachBinding } from "./bindings.ts";
import { Clips, H264_PCM, picture, planOf, record, tone } from "./media.ts";

const CODECS: Record<string, string[]> = {
  mkv: ["-c:v", "libx264", "-g", "10", "-c:a", "libopus"],
  webm: ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"],
  mp4: ["-c:v", "libx264", "-g", "10", "-c:a", "aac", "-movflags", "faststart"],
};

/** A whole recording of ten seconds. */
function whole(clips: Clips, kind: string): Promise<string> {
  const format = ["-pix_fmt", "yuv420p", ...CODECS[kind]];
  return clips.make(...picture(10, 10), ...tone(10), ...format, `whole.${kind}`);
}

for (const kind of Object.keys(CODECS)) {
  Deno.test(`a truncated ${kind} is reported with how much was read, a complete one is not`, async () => {
    using clips = new Clips();
    const file = await whole(clips, kind);
    const { capture } = await record(planOf({ uri: file, pace: "fast" }));
    assert.equal(capture.damage(), undefined);
    const bytes = Deno.readFileSync(file);
    const part = clips.path(`part.${kind}`);
    Deno.writeFileSync(part, bytes.subarray(0, bytes.length / 2));
    const { capture: cut } = await record(planOf({ uri: part, pace: "fast" }));
    const { readSeconds, ofSeconds, error } = cut.damage()!;
    assert.ok(readSeconds > 2 && readSeconds < 8, `${readSeconds}`);
    assert.ok(Math.abs(ofSeconds! - 10) < 0.2, `${ofSeconds}`);
    assert.equal(error, undefined);
  });
}

Deno.test("a gap in both streams is damage, a gap in one is not", async () => {
  using clips = new Clips();
  const cuts = async (name: string, video: string, audio: string) => {
    const filters = ["-vf", `select='${video}'`, "-af", `aselect='${audio}'`, "-vsync", "vfr"];
    const file = await clips.make(...picture(10, 8), ...tone(8), ...filters, ...H264_PCM, name);
    const { capture } = await record(planOf({ uri: file, pace: "fast" }));
    const slow = await record(planOf({ uri: file, pace: "fast", frame_rate: 0.5 }));
    assert.equal(slow.capture.damage() === undefined, capture.damage() === undefined);
    const alone = await record(planOf({ video: file, audio: "silence://", pace: "fast" }));
    assert.equal(alone.capture.damage(), undefined);
    return capture.damage();
  };
  const hole = "not(between(t,2,5))";
  assert.equal(await cuts("quiet.mkv", "1", hole), undefined);
  assert.equal(await cuts("still.mkv", hole, "1"), undefined);
  const damage = await cuts("hole.mkv", hole, hole);
  assert.ok(Math.abs(damage!.readSeconds - 5) < 0.3, `${damage!.readSeconds}`);
});

Deno.test("an error in a recording counts as its end if damage is tolerated", async (t) => {
  using clips = new Clips();
  const bytes = Deno.readFileSync(await whole(clips, "mp4"));
  // Sizes in the table of samples that lead nowhere.
  const table = new TextDecoder("latin1").decode(bytes).indexOf("stsz");
  for (let at = table + 200; at < table + 400; at += 4) bytes.set([0x7f, 0xff, 0, 0], at);
  const file = clips.path("broken.mp4");
  Deno.writeFileSync(file, bytes);
  await eachBinding(t, async (via) => {
    const source = { uri: file, pace: "fast", ...via };
    await assert.rejects(record(planOf(source)), /broken\.mp4: /);
    const { frames, capture } = await record(planOf({ ...source, tolerate_damage: true, ...via }));
    assert.ok(frames.length > 5);
    assert.match(capture.damage()?.error ?? "", /broken\.mp4: /);
  });
});

Deno.test("a recording that was not read to its end is not reported", async () => {
  using clips = new Clips();
  const uri = await whole(clips, "mkv");
  await using capture = await openCapture(planOf({ uri, pace: "fast" }));
  for await (const _ of capture.audio()) break;
  assert.equal(capture.damage(), undefined);
});
