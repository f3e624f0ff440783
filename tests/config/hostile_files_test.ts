import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatFault } from "../../src/config/fault.ts";
import { parseOverride } from "../../src/config/override.ts";
import { resolvePath } from "../../src/core/paths.ts";
import { readPipeline } from "../../src/pipeline/load.ts";
import { wavFile } from "../support/wav.ts";
import { LEAST, lines, readText, withFiles } from "./pipeline_file.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

/** The one fault of a file. */
async function refusal(file: string): Promise<string> {
  const { faults, config } = await readPipeline(file);
  assert.equal(config, undefined);
  assert.equal(faults.length, 1, faults.map(formatFault).join("\n"));
  return formatFault(faults[0]);
}

Deno.test("folders, named pipes and devices are refused at once", async () => {
  await withFiles({}, async (folder) => {
    assert.equal(await refusal(folder), `${folder}: cannot be read: it is a folder`);
    const pipe = join(folder, "pipe");
    assert.ok((await new Deno.Command("mkfifo", { args: [pipe] }).output()).success);
    assert.equal(await refusal(pipe), `${pipe}: cannot be read: it is a named pipe`);
  });
  assert.equal(await refusal("/dev/zero"), "/dev/zero: cannot be read: it is a device");
});

Deno.test("a file of the shipped pipelines' names is pointed at", async () => {
  await withFiles({}, async (folder) => {
    const named = await refusal(join(folder, "usb-camera.yaml"));
    assert.match(named, /no such file; did you mean \S*pipelines\/usb-camera\.yaml\?$/);
    assert.match(
      await refusal(join(folder, "mine.yaml")),
      /mine\.yaml: cannot be read: no such file$/,
    );
  });
});

Deno.test("a video given as a pipeline file runs with the defaults", async () => {
  const video = join(PROJECT, "models/denseav-mini/demo.mkv");
  await withFiles({}, async (folder) => {
    const copy = join(folder, "My clip: ${A} 50 %.mkv");
    await Deno.copyFile(video, copy);
    const overrides = [parseOverride("publish.jsonl=events.jsonl")];
    const { config, faults, document } = await readPipeline(copy, overrides);
    assert.deepEqual(faults, []);
    assert.equal(config!.name, "my-clip-a-50");
    assert.equal(resolvePath(document!.folder, config!.source.uri!), copy);
    assert.equal(config!.model, "denseav-mini");
  });
});

Deno.test("an audio file or image given as a pipeline file is one line with what to do", async () => {
  await withFiles({}, async (folder) => {
    const sound = join(folder, "a.yaml");
    await Deno.writeFile(sound, wavFile(new Float32Array(1000)));
    assert.match(await refusal(sound), /this is an audio file \(wav\); .*source\.audio/);
  });
  assert.match(await refusal(join(PROJECT, "docs/event.png")), /this is an image \(png\); /);
});

Deno.test("other binary files, and large ones, are one line", async () => {
  await withFiles({ "zeros": "model: \0", "large": "#\n".repeat(500_001) }, async (folder) => {
    assert.match(await refusal(join(folder, "zeros")), /must be YAML, got not UTF-8 text$/);
    assert.match(await refusal(join(folder, "large")), /must be YAML of at most 1 MB$/);
  });
  const addon = join(PROJECT, "models/denseav-mini/image.onnx");
  assert.match(await refusal(addon), /must be YAML, got /);
});

const STRUCTURES: readonly [name: string, text: string, expected: string][] = [
  [
    "an alias to what contains it",
    "source: &x { uri: *x }\nmodel: m\n",
    "robot.yaml:1:19: not valid YAML: *x refers to a value that contains it",
  ],
  [
    "an alias to the whole file",
    "&x\nsource: *x\nmodel: m\n",
    "robot.yaml:2:9: not valid YAML: *x refers to a value that contains it",
  ],
  [
    "a merge of itself",
    "source: &x\n  <<: *x\nmodel: m\n",
    "robot.yaml:2:7: not valid YAML: *x refers to a value that contains it",
  ],
  [
    "an alias without an anchor",
    "source: { uri: *clip }\nmodel: m\n",
    "robot.yaml:1:16: not valid YAML: *clip has no anchor &clip before it",
  ],
  [
    "a merge of a number",
    "source: { <<: 3 }\nmodel: m\n",
    "robot.yaml:1:15: not valid YAML: << must merge mappings",
  ],
  [
    "nesting without end",
    `source: ${"[".repeat(20_000)}`,
    "not valid YAML: nested deeper than 64 levels",
  ],
  [
    "nesting that ends",
    `source: ${"[".repeat(70)}${"]".repeat(70)}\n`,
    "robot.yaml:1:72: not valid YAML: nested deeper than 64 levels",
  ],
];

for (const [name, text, expected] of STRUCTURES) {
  Deno.test(`structure: ${name}`, async () => {
    const found = lines(await readText(text));
    assert.equal(found.length, 1, found.join("\n"));
    assert.ok(found[0].endsWith(expected), found[0]);
  });
}

Deno.test("aliases that multiply are refused", async () => {
  const names = [..."abcdefghij"];
  const text = names.map((name, i) =>
    `${name}: &${name} [${Array(9).fill(i === 0 ? "x" : `*${names[i - 1]}`).join(", ")}]\n`
  ).join("");
  const found = lines(await readText(text));
  assert.equal(found.length, 1);
  assert.match(found[0], /not valid YAML: .*alias/i);
});

Deno.test("values, keys and lists of 300 kB are read in one go", async () => {
  const size = 300_000;
  const texts = [
    `${LEAST}name: ${"x".repeat(size)}\n`,
    `${LEAST}name: "${"a://b:".repeat(size / 6)}"\n`,
    `${LEAST}window: { hop: "${"passw".repeat(size / 5)}" }\n`,
    `${LEAST}name: "${"${".repeat(size / 2)}"\n`,
    `${LEAST}name: "${"${X}".repeat(size / 4)}"\n`,
    `${LEAST}${Array.from({ length: size / 10 }, (_, i) => `k${i}: 1\n`).join("")}`,
    `${LEAST}${
      Array.from({ length: size / 20 }, (_, i) => `k${i}: "\${X:-}"\nl${i}: \${X:-}\n`).join("")
        .slice(0, size).replace(/\n[^\n]*$/, "\n")
    }`,
    `${LEAST}runtime: { providers: [${"cua, ".repeat(size / 5)}] }\n`,
    `${LEAST}name: |\n${"  line\n".repeat(size / 7)}`,
  ];
  for (const text of texts) {
    const { faults } = await readText(text);
    for (const fault of faults) assert.ok(formatFault(fault).length < 1_000);
  }
});

Deno.test("a long value is shown cut, and no part of its password", async () => {
  const url = `rtsp://me:${"hunter2".repeat(40)}@camera`;
  const [line] = lines(await readText(`${LEAST}name: "${url}${"/x".repeat(500)}"\n`));
  assert.match(line, /got "rtsp:\/\/me:\*\*\*@camera(\/x)+…"$/);
});

Deno.test("a fault that quotes a text of several lines is one line", () => {
  const fault = { file: "a.yaml", line: 2, column: 8, message: "Cannot find model a\nb\u001b[31m" };
  assert.equal(formatFault(fault), "a.yaml:2:8: Cannot find model a\\u000ab\\u001b[31m");
});

Deno.test("the place of a fault after a multi-line scalar is inside its line", async () => {
  const texts = [
    "[%YAML 1.2][---\r\n',']",
    "*x? \nmodel:source:😀\nédetect:\r\n",
    '[\\\t${X}>+\\n\n|"',
    "[- ~{...\n'",
    "*x${X}$${\nmodel:$${window:detect:",
    "*x[\\\r\n  ...,    hop:",
    "*x|!t &x $${'>,\r\nuri:",
  ];
  for (const text of texts) {
    const ends = text.split("\n").map((line) => line.length + 1);
    const { faults } = await readText(text);
    for (const { line, column } of faults) assert.ok(column! <= ends[line! - 1], text);
  }
});
