import assert from "node:assert/strict";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { loadModel } from "../../../../src/model/encoders.ts";
import { ModelError, type ModelFolder } from "../../../../src/model/manifest.ts";
import { writeModelFolder } from "../../model_folder.ts";
import { openCpu } from "../../open_cpu.ts";
import { OipServer, type ServerBends } from "./oip_server.ts";

/** The picture and the sound that tests send: 2 × 4 pixels, 8 samples. */
export const FRAME = Uint8Array.from({ length: 2 * 4 * 3 }, (_, i) => i * 7);
/** 8 samples. */
export const WAVE = Float32Array.from({ length: 8 }, (_, i) => Math.sin(i));

/** Runs `use` with a tiny model in a folder of its own. */
export async function withModel(use: (folder: ModelFolder) => Promise<void>): Promise<void> {
  const folder = await writeModelFolder();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder.path, { recursive: true });
  }
}

/** Runs `use` with the encoders that `runtime.library` computes. */
export async function withEncoders(
  folder: ModelFolder,
  library: string,
  use: (encoders: Awaited<ReturnType<typeof loadModel>>) => Promise<void>,
): Promise<void> {
  const runtime = await openCpu(library);
  try {
    const encoders = await loadModel(folder, runtime);
    try {
      await use(encoders);
    } finally {
      await encoders.release();
    }
  } finally {
    await runtime.close();
  }
}

/** Equal up to rounding. */
export function near(got: Float32Array, wanted: Float32Array): void {
  assert.equal(got.length, wanted.length);
  const scale = Math.max(...wanted.map(Math.abs));
  const worst = got.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i])), 0);
  assert.ok(scale > 0 && worst <= 1e-4 * scale, `${worst} of ${scale}`);
}

/** What `runtime.library` says of itself in a process that trusts an authority, which is a PEM file. */
export async function versionWith(authority: string, library: string): Promise<string> {
  const openCpuUrl = new URL("../../open_cpu.ts", import.meta.url);
  const script = `${await Deno.makeTempDir()}/open.ts`;
  await Deno.writeTextFile(
    script,
    `const { openCpu } = await import("${openCpuUrl}");
    const runtime = await openCpu("${library}");
    console.log(runtime.version);
    await runtime.close();`,
  );
  const config = fileURLToPath(new URL("../../../../deno.json", import.meta.url));
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", "--config", config, script],
    env: { DENO_CERT: authority },
  }).output();
  await Deno.remove(dirname(script), { recursive: true });
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return text(stdout) + text(stderr);
}

/** Asserts that the encoders of a server cannot be used, for a reason that is one line. */
export async function assertRefused(
  folder: ModelFolder,
  bends: ServerBends,
  reason: RegExp,
): Promise<void> {
  await using server = await OipServer.open(folder, bends);
  await assert.rejects(withEncoders(folder, server.library, async () => {}), (error) => {
    assert.ok(error instanceof ModelError);
    assert.match(error.message, reason);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });
}
