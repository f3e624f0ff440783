import { gzipSync } from "node:zlib";
import { dirname, join } from "node:path";
import { whenceProgram } from "../../src/cli/commands.ts";
import { appConfig, type ProjectConfig } from "./app_config.ts";
import type { Architecture } from "./architecture.ts";
import { bashCompletion } from "./bash_completion.ts";
import { CONFIG_FILES } from "./control.ts";
import { copyrightFile, debianChangelog, npmPackages } from "./documents.ts";
import { LINTIAN_OVERRIDES } from "./lintian_overrides.ts";
import { manPage } from "./man_page.ts";
import { runTool } from "./run_tool.ts";
import { serviceUnit } from "./service_unit.ts";
import { vendorPackages } from "./vendor.ts";

const APP = "usr/lib/whence";
const MODELS = "usr/share/whence/models";
const DOC = "usr/share/doc/whence";
const MODEL = "models/denseav-mini/";

const LAUNCHER = `#!/bin/sh
# Deno's caches of compiled sources belong to the user; the program itself never changes.
: "\${DENO_DIR:=\${XDG_CACHE_HOME:-\${HOME:-/tmp}/.cache}/whence/deno}"
export DENO_DIR DENO_NO_UPDATE_CHECK=1
exec /usr/lib/whence/deno run --quiet --cached-only --no-lock -A --v8-flags=--max-semi-space-size=1 /usr/lib/whence/src/main.ts "$@"
`;

/**
 * Fills a folder with the files of the package.
 *
 * @param project the checkout; only files that git tracks are packaged.
 * @param deno path of Deno's binary for the architecture.
 */
export async function stageTree(
  tree: string,
  project: string,
  { architecture, deno, time }: {
    readonly architecture: Architecture;
    readonly deno: string;
    readonly time: Date;
  },
): Promise<void> {
  const write = async (path: string, data: string | Uint8Array, mode = 0o644) => {
    const file = join(tree, path);
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeFile(file, typeof data === "string" ? new TextEncoder().encode(data) : data);
    await Deno.chmod(file, mode);
  };
  const read = (path: string) => Deno.readTextFile(join(project, path));
  const gzipped = (text: string) => gzipSync(text, { level: 9 });

  const tracked = (await runTool("git", ["ls-files", "-z"], { cwd: project })).split("\0");
  const packaged = tracked.filter((path) => /^(src|pipelines)\/|^config\/[^/]+$/.test(path));
  const sources: string[] = [];
  for (const path of packaged) {
    const data = await Deno.readFile(join(project, path));
    if (/\.tsx?$/.test(path)) sources.push(new TextDecoder().decode(data));
    await write(join(APP, path), data);
  }
  const config: ProjectConfig = JSON.parse(await read("deno.json"));
  await write(join(APP, "deno.json"), `${JSON.stringify(appConfig(config, sources), null, 2)}\n`);
  await vendorPackages(join(tree, APP), join(project, "deno.lock"), architecture);
  await write(join(APP, "deno"), await Deno.readFile(deno), 0o755);
  await write("usr/bin/whence", LAUNCHER, 0o755);

  // Models that the user adds are data; the program finds them all in its models folder.
  for (const path of tracked.filter((path) => path.startsWith(MODEL))) {
    await write(join("usr/share/whence", path), await Deno.readFile(join(project, path)));
  }
  await Deno.mkdir(join(tree, "var/lib/whence/models"), { recursive: true });
  await Deno.mkdir(join(tree, "var/cache/whence"), { recursive: true });
  await Deno.symlink("/var/lib/whence/models", join(tree, APP, "models"));
  await Deno.symlink(`/${MODELS}/denseav-mini`, join(tree, "var/lib/whence/models/denseav-mini"));

  for (const path of CONFIG_FILES) {
    const text = await read(path.replace("/etc/whence/", "pipelines/"));
    await write(path, text.replace("$schema=../", `$schema=/${APP}/`));
  }
  await write(
    "usr/lib/systemd/system/whence@.service",
    serviceUnit(await read("config/whence@.service")),
  );

  const program = whenceProgram();
  const day = time.toISOString().slice(0, 10);
  await write("usr/share/man/man1/whence.1.gz", gzipped(manPage(program, day)));
  await write("usr/share/bash-completion/completions/whence", bashCompletion(program));
  await write("usr/share/lintian/overrides/whence", LINTIAN_OVERRIDES);
  await write(join(DOC, "changelog.gz"), gzipped(debianChangelog(config.version, time)));
  await write(join(DOC, "copyright"), copyrightFile(await npmPackages(join(tree, APP))));
  for (const path of tracked.filter((path) => /^(README|CHANGELOG)\.md$|^docs\//.test(path))) {
    await write(join(DOC, path), await Deno.readFile(join(project, path)));
  }
}
