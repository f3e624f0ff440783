import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

/** What a shell command did. */
export interface Outcome {
  readonly code: number;
  /** stdout and stderr together. */
  readonly output: string;
}

/** A block that runs longer than this hangs. */
const LONGEST_S = 600;

/**
 * A fresh checkout of the files that git knows, and a shell in it: with a home folder of its own, this Deno as `deno`,
 * and `whence` installed as documented.
 */
export class Checkout implements AsyncDisposable {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** Makes a checkout in a temporary folder. */
  static async make(): Promise<Checkout> {
    const checkout = new Checkout(await Deno.makeTempDir({ prefix: "whence-docs-" }));
    try {
      await checkout.#fill();
      return checkout;
    } catch (error) {
      await checkout[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs a script in the checkout; `stopAfter` seconds later sends SIGINT to it and all that it has started. */
  async run(script: string, stopAfter?: number): Promise<Outcome> {
    const child = new Deno.Command("setsid", {
      // In a session of its own, so that a signal reaches the whole group.
      args: ["bash", "-euo", "pipefail", "-c", `exec 2>&1\n${script}`],
      cwd: join(this.#root, "whence"),
      env: await this.#environment(),
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const interrupt = setTimeout(
      () => signalGroup(child.pid, stopAfter === undefined ? "KILL" : "INT"),
      (stopAfter ?? LONGEST_S) * 1000,
    );
    const output = await new Response(child.stdout).text();
    const { code } = await child.status;
    clearTimeout(interrupt);
    return { code, output };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#root, { recursive: true });
  }

  async #fill(): Promise<void> {
    for (const name of ["bin", "home", "installed", "preinstalled", "whence"]) {
      await Deno.mkdir(join(this.#root, name));
    }
    for (const file of await trackedFiles()) {
      const copy = join(this.#root, "whence", file);
      await Deno.mkdir(dirname(copy), { recursive: true });
      await Deno.copyFile(join(PROJECT, file), copy);
    }
    await Deno.symlink(Deno.execPath(), join(this.#root, "bin/deno"));
    // `npx -y deno@2.9.6 …` without the network: the Deno that runs the tests.
    const npx = `#!/bin/sh\n[ "$1" = -y ] && shift\ncase "$1" in deno@*) shift;; esac\n` +
      `exec "${join(this.#root, "bin/deno")}" "$@"\n`;
    await Deno.writeTextFile(join(this.#root, "bin/npx"), npx, { mode: 0o755 });
    const install = `DENO_INSTALL_ROOT="${join(this.#root, "preinstalled")}" ` +
      "deno install -g -A --name whence --config deno.json src/main.ts";
    const { code, output } = await this.run(install);
    if (code !== 0) throw new Error(`Cannot install whence: ${output}`);
  }

  async #environment(): Promise<Record<string, string>> {
    const { PATH = "", TMPDIR, LANG } = Deno.env.toObject();
    return {
      PATH: [
        ...["installed/bin", "bin", "preinstalled/bin"].map((name) => join(this.#root, name)),
        PATH,
      ].join(":"),
      HOME: join(this.#root, "home"),
      DENO_DIR: await denoDir(),
      DENO_INSTALL_ROOT: join(this.#root, "installed"),
      DENO_NO_UPDATE_CHECK: "1",
      NO_COLOR: "1",
      ...(TMPDIR && { TMPDIR }),
      ...(LANG && { LANG }),
    };
  }
}

/** Files of the project that git tracks or would add, relative to it. */
export async function trackedFiles(): Promise<string[]> {
  const { success, stdout } = await new Deno.Command("git", {
    args: ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    cwd: PROJECT,
  }).output();
  if (!success) throw new Error("Cannot list the files of the project: it must be a git checkout");
  const files = new TextDecoder().decode(stdout).split("\0").filter((file) => file !== "");
  const there = await Promise.all(
    files.map((file) => Deno.lstat(join(PROJECT, file)).then((info) => info.isFile, () => false)),
  );
  return files.filter((_, i) => there[i]);
}

function signalGroup(leader: number, signal: "INT" | "KILL"): void {
  new Deno.Command("kill", { args: [`-${signal}`, "--", `-${leader}`] }).outputSync();
}

let found: Promise<string> | undefined;

function denoDir(): Promise<string> {
  return found ??= new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output()
    .then(({ stdout }) => JSON.parse(new TextDecoder().decode(stdout)).denoDir);
}
