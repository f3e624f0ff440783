import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeEvent } from "../../../src/events/event_json.ts";
import { whence } from "../whence.ts";
import { type Box, meanColor, tool } from "./video_color.ts";

const CLIP = fileURLToPath(new URL("../../support/clips/animals.mkv", import.meta.url));
/** A name that shells, launch texts and URLs have to quote. */
const NAME = `it's 50% "a b" #1`;

Deno.test("localize makes an overlay video with sound, events, pictures and a report, and resumes", async () => {
  const folder = await Deno.makeTempDir({ prefix: "whence-localize-" });
  try {
    const clip = join(folder, `${NAME}.mkv`);
    const out = join(folder, "out");
    await tool("ffmpeg", "-v", "error", "-i", CLIP, "-t", "2.4", "-c", "copy", clip);
    const text = join(folder, "notes.mp4");
    await Deno.writeTextFile(text, "not a video");
    const args = ["localize", text, clip, "-o", out];

    const { code, stdout, stderr } = await whence(args);
    assert.equal(code, 1);
    assert.match(stderr, /notes\.mp4: Cannot /);
    assert.match(stderr, /Cannot localize 1 of 2 clips/);
    assert.match(stdout, /0\.\d\d s +sound +score/);

    const messages = (await Deno.readTextFile(join(out, "events.jsonl"))).trim().split("\n")
      .map(decodeEvent);
    const sound = messages.findLast(({ kind, type }) => kind === "sound" && type === "end")!;
    assert.ok(Math.abs(sound.stream.onset - 0.8) < 0.3, `onset ${sound.stream.onset}`);
    assert.deepEqual(
      await picturesIn(join(out, `${NAME}.events`)),
      [`${sound.stream.onset.toFixed(2).padStart(8, "0")}-sound.jpg`],
    );

    const video = join(out, `${NAME}.overlay.mp4`);
    const probe = JSON.parse(new TextDecoder().decode(
      await tool("ffprobe", "-v", "error", "-show_streams", "-of", "json", video),
    ));
    const [picture, audio] = ["video", "audio"].map((type) =>
      probe.streams.find(({ codec_type }: { codec_type: string }) => codec_type === type)
    );
    assert.equal(picture.width, 640);
    assert.equal(picture.height, 452);
    for (const { duration } of [picture, audio]) {
      assert.ok(Math.abs(duration - 2.4) < 0.4, `lasts ${duration} s`);
    }
    // During the event its box is redder than in the clip; a place far from it, and a time before it, are as they were.
    const box = sound.box!;
    const far = [0.8, 0.05, 0.95, 0.2] as const;
    const redder = async (seconds: number, place: Box) => {
      const [drawn, plain] = await Promise.all(
        [video, clip].map((of) => meanColor(of, seconds, place)),
      );
      return (drawn[0] - drawn[2]) - (plain[0] - plain[2]);
    };
    assert.ok(await redder(1.2, box) > 20, `in the box: ${await redder(1.2, box)}`);
    assert.ok(Math.abs(await redder(1.2, far)) < 8, `far from it: ${await redder(1.2, far)}`);
    assert.ok(Math.abs(await redder(0.2, box)) < 8, `before: ${await redder(0.2, box)}`);

    const report = await Deno.readTextFile(join(out, "report.html"));
    assert.match(report, /<video [^>]*src="data:video\/mp4;base64,/);
    assert.match(report, /<img src="data:image\/jpeg;base64,/);
    assert.doesNotMatch(report.replaceAll("http://www.w3.org/2000/svg", ""), /https?:\/\//);
    assert.ok(report.includes("50% &quot;a b&quot; #1"));

    const made = (await Deno.stat(video)).mtime;
    const again = await whence(["localize", clip, "-o", out]);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stdout, /already localized/);
    assert.deepEqual((await Deno.stat(video)).mtime, made);
    const left = [...Deno.readDirSync(out)].filter(({ name }) => name.endsWith(".part"));
    assert.deepEqual(left, []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function picturesIn(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  return entries.map(({ name }) => name).filter((name) => name.endsWith("-sound.jpg"));
}

Deno.test("localize names a clip that does not exist", async () => {
  const { code, stderr } = await whence(["localize", "/not-there/a.mp4"]);
  assert.equal(code, 2);
  assert.match(stderr, /Cannot localize \/not-there\/a\.mp4: no such file/);
});
