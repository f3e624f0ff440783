/** `deno task package`: builds the Debian packages. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { report, UsageError } from "../../src/cli/exit.ts";
import { ARCHITECTURES } from "./architecture.ts";
import { buildDeb } from "./build_deb.ts";
import { fetchDeno } from "./deno_binary.ts";
import { runTool } from "./run_tool.ts";
import { stageTree } from "./stage_tree.ts";

const HELP = `Usage: deno task package [options] [amd64|arm64...]

Builds whence_VERSION_ARCHITECTURE.deb for each architecture (default: both), on a machine of either one.
Needs git, npm, dpkg-deb and the network.

Options:
  --out <folder>          folder of the packages (default: out)
  --compression <method>  xz (small) or zstd (fast) (default: xz)
  -h, --help              show this help`;

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parsed(args);
  if (values.help) return console.log(HELP);
  const names = ARCHITECTURES.map(({ debian }) => debian as string);
  const unknown = positionals.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `Cannot package: architecture must be one of ${names.join(", ")}, got ${unknown}`,
    );
  }
  const { version } = JSON.parse(await Deno.readTextFile(join(PROJECT, "deno.json")));
  const time = await sourceTime();
  await Deno.mkdir(values.out, { recursive: true });
  for (const architecture of ARCHITECTURES) {
    if (positionals.length > 0 && !positionals.includes(architecture.debian)) continue;
    const folder = await Deno.makeTempDir({ prefix: "whence-package-" });
    try {
      const tree = join(folder, "tree");
      await Deno.mkdir(tree);
      const deno = await fetchDeno(architecture, folder);
      await stageTree(tree, PROJECT, { architecture, deno, time });
      const out = join(values.out, `whence_${version}_${architecture.debian}.deb`);
      await buildDeb(tree, out, { architecture, version, time, compression: values.compression });
      const { size } = await Deno.stat(out);
      console.log(`${out}: ${(size / 1e6).toFixed(1)} MB`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        out: { type: "string", default: "out" },
        compression: { type: "string", default: "xz" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    throw new UsageError(`Cannot package: ${(error as Error).message}`);
  }
}

/** The time that all files get: SOURCE_DATE_EPOCH (https://reproducible-builds.org), else of the last commit. */
async function sourceTime(): Promise<Date> {
  const epoch = Deno.env.get("SOURCE_DATE_EPOCH") ??
    await runTool("git", ["log", "-1", "--format=%ct"], { cwd: PROJECT });
  return new Date(Number(epoch) * 1000);
}

try {
  await main(Deno.args);
} catch (error) {
  Deno.exit(report(error));
}
