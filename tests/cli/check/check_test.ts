import assert from "node:assert/strict";
import { join } from "node:path";
import { withFiles } from "../../config/pipeline_file.ts";
import { whence } from "../whence.ts";

const GOOD = `source:
  video: test://ball
  audio: silence://
model: denseav-mini
runtime: { providers: [cuda, cpu] }
publish:
  mqtt: { url: "mqtt://robot:hunter2@broker" }
  jsonl: out/events.jsonl
`;

Deno.test("check shows what would run, secrets masked", async () => {
  await withFiles({ "front.yaml": GOOD }, async (folder) => {
    const { code, stdout, stderr } = await whence([
      "check",
      join(folder, "front.yaml"),
      "--set",
      "window.hop=100ms",
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /front\.yaml: ok/);
    assert.match(stdout, /name: front/);
    assert.match(stdout, /hop: 100ms/);
    assert.match(stdout, /videotestsrc .* ! appsink name=video/);
    assert.match(stdout, /denseav-mini@\d+ in .*models\/denseav-mini/);
    assert.match(stdout, /ONNX Runtime \d+\.\d+/);
    assert.match(stdout, /runs on (cuda then )?cpu/);
    assert.match(stdout, /mqtt:\/\/robot:\*\*\*@broker under whence\/front, QoS 1/);
    assert.ok(stdout.includes(join(folder, "out/events.jsonl")));
    assert.ok(!stdout.includes("hunter2"));
  });
});

Deno.test("check names every fault of every file at once", async () => {
  const bad = `name: front
source: { video: nope.mkv, audio: "smoke://x", fti: crop }
model: denseav-nano
runtime: { library: none.so }
window: { hop: 200 }
publish:
  mqtt: { url: "mqtts://u:hunter2@h", ca: ca.pem, cert: c.pem, key: k.pem, password_file: pw }
`;
  await withFiles(
    { "front.yaml": GOOD, "bad.yaml": bad, "c.yaml": "name: [\n" },
    async (folder) => {
      const files = ["front.yaml", "bad.yaml", "c.yaml"].map((name) => join(folder, name));
      const { code, stdout, stderr } = await whence(["check", ...files]);
      assert.equal(code, 2);
      assert.equal(stdout, "");
      const lines = stderr.trimEnd().split("\n").map((line) => line.replace(`${folder}/`, ""));
      const expected = [
        /^bad\.yaml:2:18: Cannot open .*nope\.mkv: no such file/,
        /^bad\.yaml:2:35: .*source\.audio.* got "smoke:\/\/x/,
        /^bad\.yaml:2:48: unknown key source\.fti; did you mean fit\?/,
        /^bad\.yaml:3:8: .*denseav-nano.*denseav-mini/,
        /^bad\.yaml:4:21: runtime\.library must be a readable file, got .*none\.so/,
        /^bad\.yaml:5:16: window\.hop must be a duration/,
        /^bad\.yaml:7:43: publish\.mqtt\.ca must be a readable file/,
        /^bad\.yaml:7:57: publish\.mqtt\.cert must be a readable file/,
        /^bad\.yaml:7:69: publish\.mqtt\.key must be a readable file/,
        /^bad\.yaml:7:91: publish\.mqtt\.password_file must be a readable file/,
        /^c\.yaml:\d+:\d+: not valid YAML/,
        /^bad\.yaml:1:7: name must be unique, got "front", the name of .*front\.yaml:1:1/,
      ];
      assert.equal(lines.length, expected.length, stderr);
      for (const [i, pattern] of expected.entries()) assert.match(lines[i], pattern);
    },
  );
});

Deno.test("an unavailable provider is a fault unless cpu is listed too", async () => {
  await withFiles({ "front.yaml": GOOD }, async (folder) => {
    const file = join(folder, "front.yaml");
    const library = await whence(["check", file, "--set", "runtime.library=front.yaml"]);
    assert.equal(library.code, 2);
    assert.match(library.stderr, /^--set runtime\.library: .*front\.yaml/);
    const shown = await whence(["check", file]);
    if (/runs on cuda/.test(shown.stdout)) return;
    const { code, stderr } = await whence(["check", file, "--set", "runtime.providers=[cuda]"]);
    assert.equal(code, 2);
    assert.match(stderr, /^--set runtime\.providers: .*cuda/);
  });
});

Deno.test("check finds a model file that has changed", async () => {
  const models = new URL("../../../models/denseav-mini/", import.meta.url);
  await withFiles({ "front.yaml": GOOD, "image.onnx": "changed" }, async (folder) => {
    await Deno.copyFile(new URL("model.yaml", models), join(folder, "model.yaml"));
    const args = ["check", join(folder, "front.yaml"), "--set", "model=./"];
    const { code, stderr } = await whence(args);
    assert.equal(code, 2);
    assert.match(stderr, /^--set model: .*image\.onnx.*SHA-256/);
  });
});

Deno.test("check lets GStreamer read a graph of the user's own", async () => {
  const graph = (sound: string) =>
    `source:\n  graph: videotestsrc ! appsink name=video  ${sound} ! appsink name=audio\nmodel: denseav-mini\n`;
  await withFiles({
    "bad.yaml": graph("audiotestsrc bogus=1"),
    "good.yaml": graph("audiotestsrc wave=sine"),
    "elsewhere.yaml": graph("elementofanothermachine"),
  }, async (folder) => {
    const bad = await whence(["check", join(folder, "bad.yaml")]);
    assert.equal(bad.code, 2);
    assert.match(bad.stderr, /bad\.yaml:2:10: .*no property "bogus" in element "audiotestsrc"/);
    for (const name of ["good.yaml", "elsewhere.yaml"]) {
      const { code, stderr } = await whence(["check", join(folder, name)]);
      assert.equal(code, 0, stderr);
    }
  });
});
