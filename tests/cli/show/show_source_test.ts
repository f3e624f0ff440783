import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { watchSource } from "../../../src/cli/show/watch_source.ts";
import type { Manifest } from "../../../src/model/manifest.ts";
import { readBank } from "../../../src/model/things/thing_bank.ts";
import { RtspCamera } from "../../capture/rtsp_camera.ts";
import { whence } from "../whence.ts";

const CLIP = fileURLToPath(new URL("../../support/clips/animals.mkv", import.meta.url));
const SMALL = {
  image: { width: 64, height: 64 },
  audio: { sample_rate: 16_000 },
} as unknown as Manifest;

Deno.test("show: a thing in a clip is shown with the word that is spoken there", async () => {
  const folder = await Deno.makeTempDir({ prefix: "whence-show-" });
  try {
    // At 3.2 s to 4.2 s "pig" is said, and the pig is in the middle.
    const bank = join(folder, "things.json");
    const shown = await whence([
      ...["show", "pig", "--bank", bank, "--source", CLIP, "--start", "3.2s", "--for", "1s"],
      ...["--box", "0.3,0.45,0.7,0.8", "--say"],
    ]);
    assert.equal(shown.code, 0, shown.stderr);
    const [{ name, kind, picture, code }] = await readBank(bank);
    assert.deepEqual([name, kind], ["pig", "speech"]);
    assert.ok(Math.abs(Math.hypot(...picture!) - 1) < 1e-5);
    assert.ok(Math.abs(Math.hypot(...code) - 1) < 1e-5);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

for (
  const [what, args, told] of [
    ["no sound", ["--source", "test://", "--sound"], /--source: must be .*--audio for a micr/],
    [
      "silence",
      ["--source", "test://smpte", "--audio", "silence://", "--say"],
      /must not be silent/,
    ],
    ["nothing so late", ["--source", CLIP, "--start", "100s", "--say"], /pictures from 100 s to/],
    ["two kinds at once", ["--source", CLIP, "--say", "--sound"], /must not both be heard at once/],
    ["no source to listen to", ["--pictures", "a.jpg", "--say"], /need files without --source/],
    ["source and pictures", ["--source", CLIP, "--pictures", "a.jpg", "--say"], /--source or --p/],
  ] as const
) {
  Deno.test(`show: ${what} is refused in one line`, async () => {
    const refused = await whence(["show", "x", "--bank", "/nonexistent/b.json", ...args]);
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(refused.stderr, told);
    assert.equal(refused.stderr.split("\n").length, 2, refused.stderr);
  });
}

Deno.test("a camera is watched for some seconds, and its proportions are known", async () => {
  await using camera = await RtspCamera.start();
  const opened: string[] = [];
  const { pictures, geometry, samples } = await watchSource({
    source: camera.url,
    listens: true,
    start: 0,
    seconds: 1.5,
    opened: () => void opened.push("opened"),
  }, SMALL);
  assert.deepEqual(opened, ["opened"]);
  assert.ok(pictures.length >= 2 && pictures.length <= 8, `${pictures.length} pictures`);
  assert.ok(pictures.every((data) => data.length === 64 * 64 * 3));
  assert.deepEqual([geometry.sourceWidth, geometry.sourceHeight], [320, 180]);
  assert.ok(samples.length > 8_000, `${samples.length} samples`);
  assert.ok(samples.some((sample) => Math.abs(sample) > 0.1));
});

Deno.test("a camera without sound is watched when no sound is needed", async () => {
  await using camera = await RtspCamera.start({ sound: false });
  const options = { source: camera.url, listens: false, start: 0, seconds: 0.5, opened() {} };
  const { pictures } = await watchSource(options, SMALL);
  assert.ok(pictures.length > 0);
});
