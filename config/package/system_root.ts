import { createHash } from "node:crypto";
import { join } from "node:path";
import { UsageError } from "../../src/cli/exit.ts";
import { PackageError, runTool } from "./run_tool.ts";

/** A system that packages are proved on. */
export interface System {
  /** Such as `bookworm` or `jammy`. */
  readonly suite: string;
  readonly architecture: string;
  /** Further packages; the archive of the system has them too. */
  readonly packages?: readonly string[];
}

/** Mirrors by suite; every other suite is Debian's. */
const UBUNTU = ["jammy", "noble"];

/** What a script in a root printed. */
export interface ScriptResult {
  readonly code: number;
  /** stdout and stderr together. */
  readonly output: string;
}

/** A fresh minimal Debian or Ubuntu in a temporary folder. Needs root and mmdebstrap; other architectures need qemu. */
export class SystemRoot implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Unpacks a minimal system; it is bootstrapped once and kept as an archive in `cache`.
   *
   * @throws {UsageError} without root.
   * @throws {PackageError} when the system cannot be bootstrapped.
   */
  static async make(
    { suite, architecture, packages = [] }: System,
    cache: string,
  ): Promise<SystemRoot> {
    if (Deno.uid() !== 0) throw new UsageError("Cannot prove the package: it must be done as root");
    const archive = join(cache, `${archiveName(suite, architecture, packages)}.tar`);
    if (!await Deno.stat(archive).then(() => true, () => false)) {
      await Deno.mkdir(cache, { recursive: true });
      const ubuntu = UBUNTU.includes(suite);
      const ports = ubuntu && architecture !== "amd64";
      const mirror = ports
        ? "http://ports.ubuntu.com/ubuntu-ports"
        : ubuntu
        ? "http://archive.ubuntu.com/ubuntu"
        : "http://deb.debian.org/debian";
      const part = `${archive}.part.tar`;
      await runTool("mmdebstrap", [
        "--variant=minbase",
        `--include=${["apt", ...packages].join(",")}`,
        `--architectures=${architecture}`,
        `--components=${ubuntu ? "main,universe" : "main"}`,
        suite,
        part,
        mirror,
      ]);
      await Deno.rename(part, archive);
    }
    const path = await Deno.makeTempDir({ prefix: "whence-root-" });
    const root = new SystemRoot(path);
    try {
      await runTool("tar", ["-C", path, "-xf", archive]);
      await Deno.chmod(path, 0o755);
      await Deno.copyFile("/etc/resolv.conf", join(path, "etc/resolv.conf"));
      return root;
    } catch (error) {
      await root[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Copies a file into the system. */
  async add(file: string, to: string): Promise<void> {
    await Deno.copyFile(file, join(this.path, to));
  }

  /**
   * Runs a shell script in the system, with processes and mounts of its own.
   *
   * @param network `none` cuts the network; only the loopback interface is left.
   * @throws {PackageError} with the end of the output when a command of the script fails.
   */
  async run(script: string, network: "shared" | "none" = "shared"): Promise<string> {
    const { code, output } = await this.#start(script, network);
    if (code === 0) return output;
    const end = output.trim().split("\n").slice(-15).join("\n");
    throw new PackageError(`Cannot run in ${this.path}: exit code ${code}: ${end}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path, { recursive: true });
  }

  async #start(script: string, network: "shared" | "none"): Promise<ScriptResult> {
    const enter = [
      network === "none" ? "ip link set lo up" : ":",
      // No /sys: under emulation, ONNX Runtime would read the host's processors there and crash.
      `mount --bind /dev ${this.path}/dev`,
      `exec chroot ${this.path} /bin/sh -euc "$1"`,
    ].join(" && ");
    const child = new Deno.Command("unshare", {
      args: [
        ...(network === "none" ? ["--net"] : []),
        ...["--mount", "--pid", "--fork", "--kill-child", `--mount-proc=${this.path}/proc`],
        ...["sh", "-c", enter, "sh", `exec 2>&1\n${script}`],
      ],
      env: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        HOME: "/root",
        LC_ALL: "C.UTF-8",
        NO_COLOR: "1",
        DEBIAN_FRONTEND: "noninteractive",
        OMP_NUM_THREADS: "1",
      },
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const output = await new Response(child.stdout).text();
    return { code: (await child.status).code, output };
  }
}

function archiveName(suite: string, architecture: string, packages: readonly string[]): string {
  const name = `${suite}-${architecture}`;
  if (packages.length === 0) return name;
  const hash = createHash("sha256").update(packages.join()).digest("hex").slice(0, 8);
  return `${name}-${hash}`;
}
