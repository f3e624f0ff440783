import assert from "node:assert/strict";
import { join } from "node:path";
import { type AptOptions } from "../../../src/cli/setup/apt.ts";
import { UsageError } from "../../../src/cli/exit.ts";
import { ensureGstreamer, ensureInstalled, type Need } from "../../../src/cli/setup/setup.ts";

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

const NEED: Need = { package: "whence-needs-this", command: "whence-needs-this" };
const INSTALL = "apt-get install -y --no-install-recommends whence-needs-this";

Deno.test("what is there is not installed again, and apt is not asked", async () => {
  using machine = new Machine();
  assert.deepEqual(await ensureInstalled([{ package: "dash", command: "sh" }], machine.apt), []);
  await ensureGstreamer(machine.apt);
  assert.deepEqual(machine.log, []);
});

Deno.test("what is missing is installed once, in one go", async () => {
  using machine = new Machine();
  assert.deepEqual(await ensureInstalled([NEED, NEED], machine.apt), ["whence-needs-this"]);
  assert.deepEqual(machine.log, [INSTALL]);
  assert.deepEqual(await ensureInstalled([NEED], machine.apt), []);
  assert.deepEqual(machine.log, [INSTALL]);
});

Deno.test("package lists that are missing or stale are fetched first", async () => {
  using bare = new Machine({ lists: false });
  await ensureInstalled([NEED], bare.apt);
  assert.deepEqual(bare.log, ["apt-get update", INSTALL]);
  using stale = new Machine({ refuses: 1 });
  await ensureInstalled([NEED], stale.apt);
  assert.deepEqual(stale.log, [INSTALL, "apt-get update", INSTALL]);
});

async function refusal(machine: Machine, apt: AptOptions): Promise<string> {
  try {
    await ensureInstalled([NEED], apt);
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    assert.ok(!error.message.includes("\n"));
    return error.message;
  }
  assert.fail(machine.log.join("; "));
}

Deno.test("who is not root goes through sudo, or gets the command to run", async () => {
  using helped = new Machine({ sudo: true });
  await ensureInstalled([NEED], { ...helped.apt, uid: 1000 });
  assert.equal(helped.log[0], "sudo -n true");
  assert.equal(helped.log.at(-1), INSTALL);
  assert.ok(helped.log[1].startsWith("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get"));

  using alone = new Machine();
  Deno.env.set("PATH", Deno.env.get("PATH")!.split(":")[0]);
  assert.equal(
    await refusal(alone, { ...alone.apt, uid: 1000 }),
    "Cannot install whence-needs-this: it takes root or a sudo that asks for no password; run: " +
      "sudo apt-get update && sudo apt-get install -y --no-install-recommends whence-needs-this",
  );
  assert.deepEqual(alone.log, []);
});

Deno.test("an installation that fails, or brings nothing, is told", async () => {
  using failing = new Machine({ refuses: 9 });
  assert.match(await refusal(failing, failing.apt), /: apt-get install failed; run: sudo apt-get/);
  using hollow = new Machine({ empty: true });
  assert.match(
    await refusal(hollow, hollow.apt),
    /^Cannot go on: what whence-needs-this should bring is not there after installing it$/,
  );
});

Deno.test("files, and Python modules and typelibs in Debian's Python, are looked for", async () => {
  using machine = new Machine({ empty: true });
  const there: Need[] = [
    { package: "timgm6mb-soundfont", file: "/usr/share/sounds/sf2/TimGM6mb.sf2" },
    { package: "python3-gi", pythonModule: "gi" },
    { package: "gir1.2-gst-rtsp-server-1.0", typelib: "GstRtspServer", version: "1.0" },
  ];
  assert.deepEqual(await ensureInstalled(there, machine.apt), []);
  const missing: Need[] = [
    { package: "c", file: "/usr/share/whence-no-such-file" },
    { package: "a", pythonModule: "whence_no_such_module" },
    { package: "b", typelib: "WhenceNoSuchLib", version: "1.0" },
  ];
  await assert.rejects(ensureInstalled(missing, machine.apt), /what c a b should bring/);
});
