/** `deno task test:arm64`: installs the arm64 package in an emulated system, and compares what it does with this machine. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PackageError, runTool } from "../../config/package/run_tool.ts";
import { SystemRoot } from "../../config/package/system_root.ts";
import { report } from "../../src/cli/exit.ts";
import { taskProgram } from "../support/task_program.ts";
import { eventDifferences, readEvents } from "./event_differences.ts";
import { layoutAssertions } from "./layout_assertions.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const APP = "/usr/lib/whence";
const WORK = "/root/work";
const TESTS = [
  "tests/capture/capture_file_test.ts",
  "tests/capture/capture_errors_test.ts",
  "tests/model/runtime/ort_api_test.ts",
];
const PIPELINE = `name: clip
source: { uri: clip.mkv, pace: fast, frame_rate: 2 }
model: denseav-mini
runtime: { threads: 1, run_limit: 30m }
publish: { jsonl: events.jsonl }
`;

interface Step {
  readonly name: string;
  /** Does it and returns its result, in a few words. */
  run(): Promise<string>;
}

async function main(): Promise<void> {
  const { suite, deb: given } = taskProgram(
    "test:arm64",
    "Builds the arm64 package, installs it in a fresh Debian arm64 under qemu-user, and runs there: doctor, check, a comparison " +
      "of struct layouts with the C headers, tests of capture and ONNX Runtime, and a clip of 3 s. Prints a table. " +
      "Needs root, mmdebstrap, qemu-user-static, ffmpeg and the network.",
  )
    .option("--deb <file>", "test this package instead of building one")
    .option("--suite <suite>", "Debian release", "bookworm")
    .parse(Deno.args, { from: "user" })
    .opts<{ suite: string; deb?: string }>();
  const folder = await Deno.makeTempDir({ prefix: "whence-arm64-" });
  try {
    const deb = given ?? await builtPackage(folder);
    await using root = await SystemRoot.make(
      { suite, architecture: "arm64", packages: await packagesOf(deb) },
      join(PROJECT, ".cache/roots"),
    );
    const rows: string[] = [];
    for (const { name, run } of steps(root, deb, folder)) {
      const start = Date.now();
      const result = await run().catch((error: Error) => {
        console.error(error.message);
        Deno.exitCode = 1;
        return "failed";
      });
      const seconds = ((Date.now() - start) / 1000).toFixed(0);
      rows.push(`| ${name} | ${result} | ${seconds} s |`);
      console.error(`${name}: ${result} (${seconds} s)`);
    }
    console.log(["| step | result | time |", "| --- | --- | --- |", ...rows].join("\n"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function builtPackage(folder: string): Promise<string> {
  await runTool(Deno.execPath(), [
    ...["run", "-A", join(PROJECT, "config/package/main.ts"), "arm64"],
    ...["--compression", "zstd", "--out", folder],
  ]);
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".deb")) return join(folder, name);
  }
  throw new PackageError("Cannot test: no package was built");
}

function steps(root: SystemRoot, deb: string, folder: string): Step[] {
  const clip = join(folder, "clip.mkv");
  return [
    {
      name: "`apt install ./whence_…_arm64.deb`",
      async run() {
        await root.add(deb, "root/whence.deb");
        await root.run(
          "apt-get -qq update && apt-get -qq install -y --no-install-recommends /root/whence.deb",
        );
        const [machine, version] =
          (await root.run("dpkg-query -W -f '${Architecture} ${Version}' whence"))
            .trim().split(" ").slice(-2);
        return `${machine} ${version}`;
      },
    },
    {
      name: "`whence doctor`, network cut",
      async run() {
        const text = await root.run("whence doctor --json 2>/dev/null || true", "none");
        const { findings } = JSON.parse(text.slice(text.indexOf("{")));
        const missing = findings.filter(({ status, needed }: { status: string; needed: boolean }) =>
          needed && status !== "ok"
        );
        const provider = findings.find(({ name }: { name: string }) => name === "cpu");
        if (provider?.status !== "ok") throw new PackageError(`Cannot use the CPU: ${text}`);
        return `${findings.length} findings; needed and missing: ${missing.length}`;
      },
    },
    {
      name: "`whence check` of every pipeline file, network cut",
      async run() {
        const files = "/etc/whence/front.yaml /etc/whence/rear.yaml " +
          `${APP}/pipelines/demo.yaml ${APP}/pipelines/rtsp-camera.yaml`;
        await root.run(`whence check ${files} || test $? = 1`, "none");
        return "valid";
      },
    },
    {
      name: "struct layouts against the C headers",
      async run() {
        const { text, count } = layoutAssertions();
        await Deno.writeTextFile(join(root.path, "root/layouts.c"), text);
        await root.run(
          "cd /root && gcc -fsyntax-only $(pkg-config --cflags gstreamer-1.0) layouts.c",
        );
        return `${count} of ${count} equal`;
      },
    },
    {
      name: "clip of 3 s at `pace: fast`, network cut: events against this machine's",
      async run() {
        await runTool("ffmpeg", [
          ...["-v", "error", "-ss", "5", "-t", "3"],
          ...["-i", join(PROJECT, "models/denseav-mini/demo.mkv")],
          ...["-c:v", "libx264", "-crf", "18", "-c:a", "pcm_s16le", clip],
        ]);
        await Deno.writeTextFile(join(folder, "clip.yaml"), PIPELINE);
        await runTool(Deno.execPath(), [
          ...["run", "-A", join(PROJECT, "src/main.ts"), "run", join(folder, "clip.yaml")],
        ]);
        for (const name of ["clip.mkv", "clip.yaml"]) {
          await root.add(join(folder, name), `root/${name}`);
        }
        await root.run("cd /root && whence run clip.yaml", "none");
        const { messages, events, largest } = eventDifferences(
          await readEvents(join(root.path, "root/events.jsonl")),
          await readEvents(join(folder, "events.jsonl")),
        );
        return `${messages} messages of ${events} events; largest difference ${largest}`;
      },
    },
    {
      name: "tests of capture and of ONNX Runtime's C API",
      async run() {
        await addSources(root);
        // Those that judge times at live pace say nothing under emulation.
        const output = await root.run(
          `cd ${WORK} && ${APP}/deno test --cached-only --no-lock --no-check -A ` +
            `--filter '/^(pace fast|[^pa]|a[^ ]|a [^g])/' ${TESTS.join(" ")}`,
          "none",
        );
        const [, passed, failed] = /(\d+) passed[^|]*\| (\d+) failed/.exec(output) ?? [];
        if (!(Number(passed) > 0) || failed !== "0") throw new PackageError(output);
        return `${passed} passed`;
      },
    },
  ];
}

/** What the package depends on, as far as the archive has it under one name, and what the tests need. */
async function packagesOf(deb: string): Promise<string[]> {
  const depends = (await runTool("dpkg-deb", ["-f", deb, "Depends"])).trim().split(/, /);
  const names = depends.map((text) => text.split(" ")[0]);
  return [...names, "gcc", "libc6-dev", "libgstreamer1.0-dev", "ffmpeg"].sort();
}

/** Sources and tests, with the package's own npm packages. */
async function addSources(root: SystemRoot): Promise<void> {
  const work = join(root.path, WORK);
  await Deno.mkdir(work, { recursive: true });
  await runTool("cp", ["-R", ...["src", "tests", "models"].map((f) => join(PROJECT, f)), work]);
  for (const name of ["deno.json", "node_modules"]) {
    await Deno.symlink(`${APP}/${name}`, join(work, name));
  }
}

try {
  await main();
} catch (error) {
  Deno.exit(report(error));
}
