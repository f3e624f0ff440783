import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ARCHITECTURES } from "../../config/package/architecture.ts";
import { appConfig } from "../../config/package/app_config.ts";
import { bashCompletion } from "../../config/package/bash_completion.ts";
import { buildDeb } from "../../config/package/build_deb.ts";
import { CONFIG_FILES } from "../../config/package/control.ts";
import { manPage } from "../../config/package/man_page.ts";
import { serviceUnit } from "../../config/package/service_unit.ts";
import { stageTree } from "../../config/package/stage_tree.ts";
import { whenceProgram } from "../../src/cli/commands.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const TIME = new Date("2026-11-01T12:00:00Z");
const NATIVE = ARCHITECTURES.find(({ debian }) =>
  debian === (Deno.build.arch === "aarch64" ? "arm64" : "amd64")
)!;

async function output(command: string, args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(command, { args, env }).output();
  const decoder = new TextDecoder();
  assert.equal(code, 0, decoder.decode(stderr));
  return decoder.decode(stdout);
}

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "whence-package-test-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the files of a package", async (t) => {
  await withFolder(async (tree) => {
    await stageTree(tree, PROJECT, { architecture: NATIVE, deno: Deno.execPath(), time: TIME });
    const app = join(tree, "usr/lib/whence");

    await t.step("the program runs from them without Deno's cache", async () => {
      await withFolder(async (cache) => {
        // The links lead to the installed places.
        await Deno.remove(join(app, "models"));
        await Deno.symlink(join(tree, "usr/share/whence/models"), join(app, "models"));
        const list = await output(join(app, "deno"), [
          ...["run", "--quiet", "--cached-only", "--no-lock", "-A", join(app, "src/main.ts")],
          ...["model", "list"],
        ], { DENO_DIR: cache });
        assert.match(list, /^denseav-mini@/m);
      });
    });

    await t.step("only this machine's native libraries are in them", async () => {
      const found = await output("find", [app, "-name", "libonnxruntime*", "-path", "*/bin/*"]);
      const libraries = found.trim().split("\n");
      assert.ok(libraries.length > 0);
      for (const path of libraries) assert.match(path, new RegExp(`/linux/${NATIVE.npm}/`));
      assert.equal(await output("find", [app, "-name", "*musl*", "-type", "d"]), "");
      assert.equal(await output("find", [app, "-xtype", "l"]), "", "links without a target");
    });

    await t.step("packages that only tests use are not in them", () => {
      const { imports } = JSON.parse(Deno.readTextFileSync(join(app, "deno.json")));
      assert.ok(Object.hasOwn(imports, "commander"));
      for (const name of ["fast-check", "playwright-core", "marked"]) {
        assert.ok(!Object.hasOwn(imports, name), name);
      }
    });

    await t.step("no file is shared with Deno's cache", async () => {
      assert.equal(await output("find", [app, "-type", "f", "-links", "+1"]), "");
    });
  });
});

Deno.test("the same files give the same package, with dependencies and configuration files", async () => {
  await withFolder(async (folder) => {
    const packages: Uint8Array[] = [];
    for (const name of ["a", "b"]) {
      const tree = join(folder, name);
      await Deno.mkdir(join(tree, "usr/bin"), { recursive: true });
      await Deno.copyFile("/bin/true", join(tree, "usr/bin/whence"));
      for (const path of CONFIG_FILES) {
        await Deno.mkdir(join(tree, "etc/whence"), { recursive: true });
        await Deno.writeTextFile(join(tree, path), "name: front\n");
      }
      await Deno.utime(join(tree, "usr/bin"), new Date(), new Date());
      const out = join(folder, `${name}.deb`);
      await buildDeb(tree, out, {
        architecture: NATIVE,
        version: "1.2.3",
        time: TIME,
        compression: "zstd",
      });
      packages.push(await Deno.readFile(out));
    }
    assert.deepEqual(packages[0], packages[1]);

    const deb = join(folder, "a.deb");
    const field = async (name: string) => (await output("dpkg-deb", ["-f", deb, name])).trim();
    assert.equal(await field("Version"), "1.2.3");
    assert.equal(await field("Architecture"), NATIVE.debian);
    const depends = await field("Depends");
    assert.match(depends, /libc6 \(>= 2\.\d+\)/);
    for (const name of ["alsa", "libav", "plugins-base", "plugins-good"]) {
      assert.ok(depends.includes(`gstreamer1.0-${name}`), name);
    }
    assert.ok(!depends.includes("nvidia"));
    assert.equal(
      await output("dpkg-deb", ["--info", deb, "conffiles"]),
      CONFIG_FILES.map((path) => `${path}\n`).join(""),
    );
    for (const script of ["postinst", "prerm", "postrm"]) {
      const file = join(folder, script);
      await Deno.writeTextFile(file, await output("dpkg-deb", ["--info", deb, script]));
      await output("sh", ["-n", file]);
    }
    assert.match(await output("dpkg-deb", ["-c", deb]), /root\/root .* 2026-11-01 12:00 /);
  });
});

Deno.test("imports that only tests use are left out", () => {
  const config = {
    version: "1.0.0",
    imports: {
      "a": "npm:a@1.0.0",
      "a/": "npm:/a@1.0.0/",
      "@s/b": "npm:@s/b@2.0.0",
      "c": "npm:c@1.0.0",
      "d": "npm:d@1.0.0",
      "e": "npm:e@1.0.0",
    },
    compilerOptions: {},
  };
  const sources = [
    'import { x } from "a/deep.js";\nimport { readFile } from "node:fs";',
    'const b = await import("@s/b");\nimport.meta.resolve("e");\nconst text = "from c";',
  ];
  const { imports, nodeModulesDir } = appConfig(config, sources);
  assert.deepEqual(Object.keys(imports as object), ["a", "a/", "@s/b", "e"]);
  assert.equal(nodeModulesDir, "manual");
});

Deno.test("the service starts the installed program", async () => {
  const unit = await Deno.readTextFile(join(PROJECT, "config/whence@.service"));
  const packaged = serviceUnit(unit);
  assert.match(packaged, /^ExecStart=\/usr\/bin\/whence run /m);
  assert.doesNotMatch(packaged, /\/opt\/whence|DENO_DIR/);
  assert.throws(() => serviceUnit("[Service]\n"), /must have a line like/);
});

Deno.test("the manual page names every command and escapes hyphens", () => {
  const page = manPage(whenceProgram(), "2026-11-01");
  for (const name of ["run", "check", "doctor", "model import"]) {
    assert.ok(page.includes(`.SS "whence ${name}"`), name);
  }
  assert.ok(page.includes("\\fB\\-\\-log\\-format <format>\\fR"));
  assert.match(page, /one of text, json; default text/);
});

Deno.test("bash completes commands, options and choices", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "whence");
    await Deno.writeTextFile(file, bashCompletion(whenceProgram()));
    const complete = async (...words: string[]) => {
      const list = words.map((word) => `'${word}'`).join(" ");
      const script = `. ${file}; COMP_WORDS=(whence ${list}); COMP_CWORD=${words.length}; ` +
        'compopt() { :; }; _whence; printf "%s\\n" "${COMPREPLY[@]}"';
      return (await output("bash", ["-euc", script])).trim().split("\n");
    };
    assert.deepEqual(await complete("doc"), ["doctor"]);
    assert.deepEqual(await complete("model", "imp"), ["import"]);
    assert.deepEqual(await complete("doctor", "--js"), ["--json"]);
    assert.deepEqual(await complete("--log-format", ""), ["text", "json"]);
    assert.deepEqual(await complete("doctor", "front.y"), [""]);
  });
});
