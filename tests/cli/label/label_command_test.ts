import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readBank } from "../../../src/model/things/thing_bank.ts";
import { whence } from "../whence.ts";

const SCENES = fileURLToPath(new URL("../../evaluation/scenes/", import.meta.url));
const WHALE = join(SCENES, "0004-picture-unseen.wav");
const MAGNET = join(SCENES, "0002-word-unseen-voice.wav");
const SILENCE = join(SCENES, "0006-silence.wav");
const NOISE = join(SCENES, "0007-noise.wav");

async function withFolder(use: (folder: string, bank: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "whence-label-" });
  try {
    await use(folder, join(folder, "things.json"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Puts a recording into the folder of its name. */
async function put(folder: string, name: string, file: string): Promise<void> {
  await Deno.mkdir(join(folder, "clips", name), { recursive: true });
  await Deno.copyFile(file, join(folder, "clips", name, `${crypto.randomUUID()}.wav`));
}

Deno.test("label: a name is added, listed, tested and removed", () =>
  withFolder(async (folder, bank) => {
    const added = await whence(["label", "add", "moby", WHALE, "--bank", bank]);
    assert.equal(added.code, 0, added.stderr);
    assert.match(added.stdout, /things\.json: moby \(speech\), 1 recording\n$/);
    const [thing] = await readBank(bank);
    assert.equal(thing.picture, undefined);
    assert.ok(Math.abs(Math.hypot(...thing.code) - 1) < 1e-5);

    const again = await whence(["label", "add", "ahab", WHALE, "--bank", bank]);
    assert.match(again.stderr, /^Cannot add .*: .*things\.json has it already, as moby\n$/);
    const silent = await whence(["label", "add", "hush", SILENCE, "--bank", bank]);
    assert.match(
      silent.stderr,
      /^Cannot label hush: denseav-mini hears nothing in .*silence\.wav\n$/,
    );
    const list = await whence(["label", "list", "--bank", bank]);
    assert.match(list.stdout, /^moby +speech +1 recording\n/);
    assert.match(list.stdout, /denseav-mini knows \d+ sounds\n/);
    assert.match(list.stdout, /denseav-mini knows \d{4} words\n/);

    await put(folder, "moby", WHALE);
    await put(folder, "unknown", MAGNET);
    await put(folder, "unknown", NOISE);
    const clips = join(folder, "clips");
    const tested = await whence(["label", "test", clips, "--bank", bank, "--no-model-names"]);
    assert.equal(tested.code, 0, tested.stderr);
    assert.match(tested.stdout, /moby +1 +1 +0 +0\n/);
    assert.match(tested.stdout, /top-1: 1 of 1 recording right \(100 %\)/);
    assert.match(tested.stdout, /unknown: 2 of 2 recordings without a label/);

    const removed = await whence(["label", "remove", "moby", "--bank", bank]);
    assert.equal(removed.code, 0, removed.stderr);
    const gone = await whence(["label", "remove", "moby", "--bank", bank]);
    assert.match(gone.stderr, /^Cannot remove moby: .*things\.json has no names\n$/);
  }));

Deno.test("label test: words of unseen voices get the names that ship with the model", () =>
  withFolder(async (folder) => {
    await put(folder, "whale", WHALE);
    await put(folder, "magnet", MAGNET);
    await put(folder, "unknown", NOISE);
    await put(folder, "unknown", SILENCE);
    // The default bank does not exist there.
    const { code, stdout, stderr } = await whence(["label", "test", "clips", "--json"], {
      cwd: folder,
    });
    assert.equal(code, 0, stderr);
    const found = stdout.trim().split("\n").map((line) => JSON.parse(line));
    const tops = found.map(({ truth, labels }) => `${truth}: ${labels[0]?.name ?? "none"}`);
    assert.deepEqual(tops.toSorted(), [
      "magnet: magnet",
      "unknown: none",
      "unknown: none",
      "whale: whale",
    ]);
    for (const { labels } of found) for (const { score } of labels) assert.ok(score >= 0.5);
  }));

Deno.test("label: faults are one line", () =>
  withFolder(async (folder, bank) => {
    const refused = async (...args: string[]) => {
      const { code, stderr } = await whence(["label", ...args]);
      assert.equal(code, 2, stderr);
      return stderr;
    };
    assert.match(
      await refused("test", join(folder, "none"), "--bank", bank),
      /^Cannot test labels: .*none must be a readable file or folder\n$/,
    );
    assert.match(await refused("test", folder, "--bank", bank), /has no \.wav/);
    assert.match(
      await refused("test", WHALE, "--bank", bank, "--min-score", "2"),
      /^Cannot test labels: --min-score must be 0 to 1, got 2\n$/,
    );
    assert.match(await refused("add", "x", WHALE, "--kind", "smell"), /sound, speech/);
  }));

Deno.test("label: a bank that was given must exist", () =>
  withFolder(async (_, bank) => {
    for (const args of [["test", WHALE], ["list"]]) {
      const { code, stderr } = await whence(["label", ...args, "--bank", bank]);
      assert.equal(code, 1, stderr);
      assert.match(
        stderr,
        /^Cannot read the bank .*things\.json: no such file\n$/,
      );
    }
  }));
