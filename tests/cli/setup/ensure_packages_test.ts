import assert from "node:assert/strict";
import { join } from "node:path";
import { type AptOptions } from "../../../src/cli/setup/apt.ts";
import { UsageError } from "../../../src/cli/exit.ts";
import { ensurePackages } from "../../../src/cli/setup/ensure_packages.ts";
import { ensureGstreamer } from "../../../src/cli/setup/gstreamer.ts";
import { missingPackages } from "../../setup/needs.ts";
import { whence } from "../whence.ts";

/** A machine whose `apt-get` and `sudo` are scripts of ours; apt-get "installs" a package's command and keeps a log. */
class Machine implements Disposable {
  readonly #folder = Deno.makeTempDirSync({ prefix: "whence-setup-" });
  readonly #path = Deno.env.get("PATH")!;

  constructor({ lists = true, sudo = false, refuses = 0, empty = false } = {}) {
    for (const name of ["bin", "lists"]) Deno.mkdirSync(join(this.#folder, name));
    if (lists) Deno.writeTextFileSync(join(this.#folder, "lists/debian_main_Packages"), "");
    const log = join(this.#folder, "log");
    this.#script(
      "apt-get",
      `[ "$1" = --version ] && exit 0
      echo "apt-get $*" >> ${log}
      case "$*" in *update*) exit 0;; esac
      [ "$(grep -c install ${log})" -le ${refuses} ] && exit 100
      for last; do :; done
      ${
        empty
          ? ""
          : `printf '#!/bin/sh\\n' > ${this.#folder}/bin/$last; chmod +x ${this.#folder}/bin/$last`
      }`,
    );
    if (sudo) this.#script("sudo", `echo "sudo $*" >> ${log}; shift; exec "$@"`);
    Deno.env.set("PATH", `${join(this.#folder, "bin")}:/usr/bin:/bin`);
  }

  get apt(): AptOptions {
    return { uid: 0, lists: join(this.#folder, "lists") };
  }

  get log(): string[] {
    try {
      return Deno.readTextFileSync(join(this.#folder, "log")).trim().split("\n")
        .map((line) => line.replace(/-qq -o DPkg::Lock::Timeout=\d+ /, ""));
    } catch {
      return [];
    }
  }

  #script(name: string, text: string): void {
    Deno.writeTextFileSync(join(this.#folder, "bin", name), `#!/bin/sh\n${text}\n`, {
      mode: 0o755,
    });
  }

  [Symbol.dispose](): void {
    Deno.env.set("PATH", this.#path);
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

const NAME = "whence-needs-this";
const missing = () => missingPackages([{ package: NAME, command: NAME }]);
const INSTALL = "apt-get install -y --no-install-recommends whence-needs-this";

Deno.test("what is there is not installed again, and apt is not called", async () => {
  using machine = new Machine();
  const none = () => missingPackages([{ package: "dash", command: "sh" }]);
  assert.deepEqual(await ensurePackages(none, machine.apt), []);
  await ensureGstreamer(machine.apt);
  assert.deepEqual(machine.log, []);
});

Deno.test("what is missing is installed once, in one go", async () => {
  using machine = new Machine();
  assert.deepEqual(await ensurePackages(missing, machine.apt), [NAME]);
  assert.deepEqual(machine.log, [INSTALL]);
  assert.deepEqual(await ensurePackages(missing, machine.apt), []);
  assert.deepEqual(machine.log, [INSTALL]);
});

Deno.test("package lists that are missing or stale are fetched first", async () => {
  using bare = new Machine({ lists: false });
  await ensurePackages(missing, bare.apt);
  assert.deepEqual(bare.log, ["apt-get update", INSTALL]);
  using stale = new Machine({ refuses: 1 });
  await ensurePackages(missing, stale.apt);
  assert.deepEqual(stale.log, [INSTALL, "apt-get update", INSTALL]);
});

async function refusal(machine: Machine, apt: AptOptions): Promise<string> {
  try {
    await ensurePackages(missing, apt);
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    assert.ok(!error.message.includes("\n"));
    return error.message;
  }
  assert.fail(machine.log.join("; "));
}

Deno.test("a user who is not root goes through sudo, or gets the command to run", async () => {
  using helped = new Machine({ sudo: true });
  await ensurePackages(missing, { ...helped.apt, uid: 1000 });
  assert.equal(helped.log[0], "sudo -n true");
  assert.equal(helped.log.at(-1), INSTALL);
  assert.ok(helped.log[1].startsWith("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get"));

  using alone = new Machine();
  Deno.env.set("PATH", Deno.env.get("PATH")!.split(":")[0]);
  assert.equal(
    await refusal(alone, { ...alone.apt, uid: 1000 }),
    "Cannot install whence-needs-this: it must be done as root or with a sudo that needs no password; run: " +
      "sudo apt-get update && sudo apt-get install -y --no-install-recommends whence-needs-this",
  );
  assert.deepEqual(alone.log, []);
});

Deno.test("an installation that fails, or provides nothing, is reported", async () => {
  using failing = new Machine({ refuses: 9 });
  assert.match(await refusal(failing, failing.apt), /: apt-get install failed; run: sudo apt-get/);
  using hollow = new Machine({ empty: true });
  assert.match(
    await refusal(hollow, hollow.apt),
    /^Cannot continue: whence-needs-this was installed, but what it should provide is missing$/,
  );
});

Deno.test("demo --no-install installs nothing and says what to run", async () => {
  const folder = await Deno.makeTempDir({ prefix: "whence-setup-" });
  try {
    // A GStreamer that finds no plugins.
    const env = {
      GST_PLUGIN_SYSTEM_PATH: folder,
      GST_PLUGIN_SYSTEM_PATH_1_0: folder,
      GST_REGISTRY: join(folder, "registry"),
      GST_REGISTRY_1_0: join(folder, "registry"),
    };
    const { code, stdout, stderr } = await whence(["demo", "--no-install"], { env });
    assert.equal(code, 2, stderr);
    assert.equal(stdout, "");
    assert.match(
      stderr,
      /^Cannot run: Debian packages are missing: .*gstreamer1\.0-plugins-base.*; run: sudo apt-get [^\n]*\n$/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
