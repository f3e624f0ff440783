import assert from "node:assert/strict";
import { join } from "node:path";
import { readBank, type Thing, writeBank } from "../../../src/model/things/thing_bank.ts";
import { whence } from "../whence.ts";

const RECORDING: Thing = {
  name: "cup",
  model: "made@1",
  kind: "speech",
  code: Float32Array.from([0, 1]),
  length: 1,
};
const OTHER = { ...RECORDING, code: Float32Array.from([1, 0]) };
const LOOK = { ...RECORDING, picture: Float32Array.from([0.6, 0.8, 0, 0]) };

async function withBank(things: readonly Thing[], use: (bank: string, folder: string) => unknown) {
  const folder = await Deno.makeTempDir({ prefix: "whence-show-" });
  try {
    const bank = join(folder, "things.json");
    await writeBank(bank, things);
    await use(bank, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("show --remove removes a thing's look, and its recordings stay", () =>
  withBank([RECORDING, LOOK, OTHER], async (bank) => {
    const removed = await whence(["show", "cup", "--remove", "--bank", bank]);
    assert.equal(removed.code, 0, removed.stderr);
    assert.deepEqual(await readBank(bank), [RECORDING, OTHER]);
    const again = await whence(["show", "cup", "--remove", "--bank", bank]);
    assert.equal(again.code, 2);
    assert.match(
      again.stderr,
      /^Cannot remove cup: .*things\.json has nothing; it has recordings: use whence label remove cup\n$/,
    );
  }));

Deno.test("show --list tells looks from recordings", () =>
  withBank([RECORDING, LOOK, OTHER], async (bank) => {
    const { stdout } = await whence(["show", "--list", "--bank", bank]);
    assert.match(stdout, /^cup +speech +made@1 +2 recordings\ncup +speech +made@1 +look\n$/);
  }));

Deno.test("show --import replaces entries of the same sort only", () =>
  withBank([RECORDING, LOOK], async (bank, folder) => {
    const source = join(folder, "other.json");
    const newer = { ...LOOK, length: 2 };
    await writeBank(source, [newer]);
    const added = await whence(["show", "--import", source, "--bank", bank]);
    assert.equal(added.code, 0, added.stderr);
    assert.deepEqual(await readBank(bank), [RECORDING, newer]);
    await writeBank(source, [OTHER]);
    await whence(["show", "--import", source, "--bank", bank]);
    assert.deepEqual(await readBank(bank), [newer, OTHER]);
  }));
