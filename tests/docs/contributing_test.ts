import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeEvent } from "../../src/events/event_json.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

/** The registry of each example, and the text after which a new entry is written. */
const REGISTRIES: Readonly<Record<string, readonly [file: string, list: RegExp]>> = {
  srt: ["src/capture/sources.ts", /SOURCES[^=]*= \[/],
  udpSink: ["src/publish/sinks.ts", /SINKS = \[/],
  openvino: ["src/model/providers.ts", /new ProviderRegistry\(/],
};

/** The TypeScript blocks of CONTRIBUTING.md that name their file: path → text. */
async function examples(): Promise<Map<string, string>> {
  const page = await Deno.readTextFile(join(PROJECT, "CONTRIBUTING.md"));
  return new Map(
    [...page.matchAll(/^```ts\n\/\/ (\S+)\n(.*?)^```/gms)].map(([, file, text]) => [file, text]),
  );
}

/** A copy of the source tree with all examples in it, each with its one line in the registry. */
async function extendedTree(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "whence-contributing-" });
  await run("cp", ["-r", "src", "deno.json", "deno.lock", folder], PROJECT);
  await Deno.symlink(join(PROJECT, "models"), join(folder, "models"));
  const blocks = await examples();
  assert.equal(blocks.size, Object.keys(REGISTRIES).length);
  for (const [file, text] of blocks) {
    await Deno.writeTextFile(join(folder, file), text);
    const name = /^export const (\w+)/m.exec(text)![1];
    const [registry, list] = REGISTRIES[name];
    const path = join(folder, registry);
    const entries = await Deno.readTextFile(path);
    assert.match(entries, list, registry);
    const from = `./${file.slice(registry.lastIndexOf("/") + 1)}`;
    const added = entries.replace(list, (start) => `${start}\n  ${name},`);
    await Deno.writeTextFile(path, `import { ${name} } from "${from}";\n${added}`);
  }
  return folder;
}

/** Runs a program; its output. Fails with its errors unless it exits with 0. */
async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1" },
  }).output();
  const [text, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.ok(success, `${command} ${args.join(" ")}\n${text}${errors}`);
  return text;
}

Deno.test("the examples of CONTRIBUTING.md work: one file and one line each", async (t) => {
  const folder = await extendedTree();
  const whence = (...args: string[]) =>
    run(Deno.execPath(), ["run", "-A", "--frozen", "src/main.ts", ...args], folder);
  try {
    await t.step("they pass the type checker", async () => {
      await run(Deno.execPath(), ["check", "--frozen", "src/main.ts"], folder);
    });

    await t.step("check shows the launch text of the new source", async () => {
      const file = join(folder, "srt.yaml");
      await Deno.writeTextFile(
        file,
        "source: { uri: 'srt://127.0.0.1:9000' }\nmodel: denseav-mini\n",
      );
      assert.match(await whence("check", file), /srtsrc name=\S+ uri="?srt:\/\/127\.0\.0\.1:9000/);
    });

    await t.step("run sends events to the new sink", async () => {
      const socket = createSocket("udp4");
      const kinds = new Set<string>();
      socket.on("message", (data) => void kinds.add(decodeEvent(data.toString()).kind));
      socket.bind(0, "127.0.0.1");
      await once(socket, "listening");
      const { port } = socket.address();
      await Deno.writeTextFile(
        join(folder, "udp.yaml"),
        [
          "source: { uri: models/denseav-mini/demo.mkv, pace: fast }",
          "model: denseav-mini",
          "runtime: { providers: [cpu] }",
          `publish: { udp: { host: 127.0.0.1, port: ${port} } }`,
        ].join("\n"),
      );
      await whence("run", "udp.yaml");
      socket.close();
      assert.deepEqual([...kinds].sort(), ["sound", "speech"]);
    });

    await t.step("doctor knows the new execution provider", async () => {
      const { findings } = JSON.parse(await whence("doctor", "--json"));
      const found = findings.find(({ name }: { name: string }) => name === "openvino");
      assert.match(found.detail, /libonnxruntime_providers_openvino\.so|openvino/);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
