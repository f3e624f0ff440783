import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { whence } from "../whence.ts";
import { type Box, meanColor, tool } from "./video_color.ts";

const CLIP = fileURLToPath(new URL("../../support/clips/animals.mkv", import.meta.url));
const { objects } = JSON.parse(
  Deno.readTextFileSync(
    fileURLToPath(new URL("../../support/clips/animals.truth.json", import.meta.url)),
  ),
) as { objects: { name: string; box: Box }[] };

/** The inner half of the place of an animal. */
function placeOf(animal: string): Box {
  const [x1, y1, x2, y2] = objects.find(({ name }) => name === animal)!.box;
  const [dx, dy] = [(x2 - x1) / 4, (y2 - y1) / 4];
  return [x1 + dx, y1 + dy, x2 - dx, y2 - dy];
}

const distance = (a: readonly number[], b: readonly number[]) =>
  Math.hypot(...a.map((value, i) => value - b[i]));

Deno.test("localize --feature-videos shows what the model sees, also where detection skips everything", async () => {
  const folder = await Deno.makeTempDir({ prefix: "whence-features-" });
  try {
    const clip = join(folder, "clip.mkv");
    await tool("ffmpeg", "-v", "error", "-i", CLIP, "-t", "4.4", "-c", "copy", clip);
    // Everything is below the gate.
    const args = [
      "localize",
      clip,
      "-o",
      folder,
      "--feature-videos",
      "--set",
      "detect.gate=-1dBFS",
    ];
    const { code, stdout, stderr } = await whence(args);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /0 events/);

    const [attention, heads, features] = ["attention", "heads", "features"]
      .map((view) => join(folder, `clip.${view}.mp4`));
    for (const video of [attention, heads, features]) {
      const probe = JSON.parse(new TextDecoder().decode(
        await tool("ffprobe", "-v", "error", "-show_streams", "-of", "json", video),
      ));
      assert.deepEqual(
        probe.streams.map(({ codec_type }: { codec_type: string }) => codec_type).toSorted(),
        ["audio", "video"],
      );
      const picture = probe.streams.find((stream: { width?: number }) => stream.width);
      assert.deepEqual([picture.width, picture.height], [640, 360]);
    }

    const [duck, pig, koala] = ["duck", "pig", "koala"].map(placeOf);
    const change = async (video: string, seconds: number, place: Box) => {
      const [drawn, plain] = await Promise.all(
        [video, clip].map((of) => meanColor(of, seconds, place)),
      );
      return { color: drawn.map((value, i) => value - plain[i]), size: distance(drawn, plain) };
    };
    // The duck quacks at 1.2 s, "pig" is said at 3.6 s, and at 2.6 s it is quiet.
    const quack = await change(heads, 1.2, duck);
    assert.ok(quack.color[0] - quack.color[2] > 20, `sound is orange: ${quack.color}`);
    const word = await change(heads, 3.6, pig);
    assert.ok(word.color[2] - word.color[0] > 20, `speech is blue: ${word.color}`);
    const ground: Box = [0.4, 0.02, 0.6, 0.12];
    for (const [seconds, place] of [[1.2, duck], [3.6, pig]] as const) {
      const here = (await change(attention, seconds, place)).size;
      const other = (await change(attention, seconds, koala)).size;
      const away = (await change(attention, seconds, ground)).size;
      const quiet = (await change(attention, 2.6, place)).size;
      const found =
        `at ${seconds} s ${here}, koala ${other}, ground ${away}, without sound ${quiet}`;
      assert.ok(here > 20 && here > 1.3 * other && here > 2 * away && here > 2 * quiet, found);
    }

    const colors = await Promise.all(
      [duck, pig, koala, ground].map((place) => meanColor(features, 2.6, place)),
    );
    for (const [i, one] of colors.entries()) {
      for (const other of colors.slice(i + 1)) {
        assert.ok(distance(one, other) > 40, `colors of features: ${colors.join(" | ")}`);
      }
    }
    const later = await meanColor(features, 4, duck);
    assert.ok(distance(colors[0], later) < 15, `the duck is ${colors[0]}, then ${later}`);

    const report = await Deno.readTextFile(join(folder, "report.html"));
    assert.match(report, /<a href="clip\.attention\.mp4">/);
    const again = await whence(args);
    assert.match(again.stdout, /already localized/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
