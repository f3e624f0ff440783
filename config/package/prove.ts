/** `deno task package:prove`: installs a package in fresh systems, runs the demo without a network, and purges it. */
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { report, UsageError } from "../../src/cli/exit.ts";
import { PackageError, runTool } from "./run_tool.ts";
import { SystemRoot } from "./system_root.ts";

const HELP = `Usage: deno task package:prove [options] <package.deb...>

In a fresh system made by mmdebstrap: apt installs the package, \`whence demo\` finds as much with the network cut as
in the checkout, the service's user and unit are there, and apt purges the package without a trace.
Needs root, mmdebstrap, and for packages of another architecture qemu-user-static.

Options:
  --suite <suite>  bookworm, trixie, jammy or noble; may be given several times (default: bookworm)
  -h, --help       show this help`;

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const CACHE = fileURLToPath(new URL("../../.cache/roots", import.meta.url));

/**
 * Installs, runs and purges a package in a fresh system.
 *
 * @throws {PackageError} at the first step that fails.
 */
export async function provePackage(deb: string, suite: string): Promise<void> {
  const architecture = /_(\w+)\.deb$/.exec(deb)?.[1] ?? "";
  await using root = await SystemRoot.make({ suite, architecture }, CACHE);
  const step = (text: string) => console.log(`${suite} ${architecture}: ${text}`);

  await root.add(deb, `root/${basename(deb)}`);
  await root.run(`apt-get -qq update && apt-get -qq install -y /root/${basename(deb)}`);
  step("installed");

  const groups = await root.run("id -nG whence");
  expect(
    /\bvideo\b/.test(groups) && /\baudio\b/.test(groups),
    `groups of whence: ${groups.trim()}`,
  );
  await root.run("test -s /etc/whence/front.yaml && whence check /etc/whence/front.yaml");
  await root.run("zcat /usr/share/man/man1/whence.1.gz | grep -q 'whence run'");
  step("user, configuration and manual page are there");

  const demo = truthOf(await root.run("cd /tmp && whence demo --no-install", "none"));
  const expected = truthOf(await runTool(Deno.execPath(), ["run", "-A", MAIN, "demo"]));
  expect(demo === expected, `the demo found ${demo}; in the checkout ${expected}`);
  step(`demo without a network: ${demo}, as in the checkout`);
  const service = "setpriv --reuid=whence --regid=whence --init-groups env HOME=/var/lib/whence " +
    "XDG_CACHE_HOME=/var/cache/whence whence model list";
  expect((await root.run(service, "none")).includes("denseav-mini"), "model list of the service");
  step("the service's user runs it");

  await root.run("apt-get -qq purge -y whence");
  await root.run(
    "! command -v whence && ! test -e /usr/lib/whence && ! test -e /etc/whence && " +
      "! test -e /var/lib/whence && ! test -e /var/cache/whence && ! id whence 2>/dev/null",
  );
  step("purged");
}

/** How many sounds and words the demo found, such as `7 of 8 in place`. */
function truthOf(demo: string): string {
  return /^truth +(\d+ of \d+ in place)/m.exec(demo)?.[1] ?? "no summary";
}

function expect(condition: boolean, what: string): void {
  if (!condition) throw new PackageError(`Cannot accept the package: ${what}`);
}

if (import.meta.main) {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        suite: { type: "string", multiple: true, default: ["bookworm"] },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      Deno.exit(0);
    }
    if (positionals.length === 0) throw new UsageError("Cannot prove: name a .deb file");
    for (const deb of positionals) {
      for (const suite of values.suite) await provePackage(deb, suite);
    }
  } catch (error) {
    Deno.exit(report(error));
  }
}
