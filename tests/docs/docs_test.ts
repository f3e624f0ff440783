/** The documentation's commands run, its pipelines and events are valid, its links have targets. */
import assert from "node:assert/strict";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { formatFault } from "../../src/config/fault.ts";
import { decodeEvent } from "../../src/events/event_json.ts";
import { readPipeline } from "../../src/pipeline/load.ts";
import { pipelineSchema } from "../../src/pipeline/schema.ts";
import { withFiles } from "../config/pipeline_file.ts";
import { Checkout, trackedFiles } from "./checkout.ts";
import { callFault, whenceCalls } from "./command_lines.ts";
import { type Block, type Page, readPage } from "./page.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const FILES = await trackedFiles();
const PAGES: ReadonlyMap<string, Page> = new Map(
  FILES.filter((file) => /^([A-Z]+\.md|(docs|config)\/.*\.md)$/.test(file))
    .map((file) => [file, readPage(Deno.readTextFileSync(join(PROJECT, file)))]),
);

/** The line that would start the tests from inside themselves. */
const TESTS = /^(npx -y deno@\S+|deno) task test\b.*$/gm;

for (const [file, { blocks }] of PAGES) {
  const commands = blocks.filter(({ language }) => language === "sh");
  if (commands.length === 0) continue;

  Deno.test({
    name: `${file}: its commands run in a fresh checkout`,
    ignore: commands.every(({ mark }) => mark.kind === "skip"),
    fn: async (t) => {
      await using checkout = await Checkout.make();
      for (const { text, line, mark } of commands) {
        const skipped = mark.kind === "skip";
        await t.step({
          name: `line ${line}${skipped ? `: skipped, ${mark.reason}` : ""}`,
          ignore: skipped,
          fn: async () => {
            const stopAfter = mark.kind === "stop" ? mark.seconds : undefined;
            const { code, output } = await checkout.run(text.replace(TESTS, ""), stopAfter);
            assert.equal(code, mark.kind === "exit" ? mark.code : 0, `${text}\n${output}`);
          },
        });
      }
    },
  });
}

Deno.test("shell blocks parse, and name commands and options that exist", async (t) => {
  for (const [file, { blocks, codes }] of PAGES) {
    await t.step(file, async () => {
      for (const { text, line } of blocks.filter(({ language }) => language === "sh")) {
        const { success, stderr } = await new Deno.Command("bash", { args: ["-nc", text] })
          .output();
        assert.ok(success, `line ${line}: ${new TextDecoder().decode(stderr)}`);
        for (const call of whenceCalls(text)) {
          assert.equal(callFault(call), undefined, `line ${line}: whence ${call.join(" ")}`);
        }
      }
      for (const code of codes.filter((code) => /^(whence|deno task whence) /.test(code))) {
        for (const call of whenceCalls(code)) {
          assert.equal(callFault(call), undefined, `\`${code}\``);
        }
      }
    });
  }
});

Deno.test("YAML blocks are valid pipelines, or parts of them", async (t) => {
  for (const [file, { blocks }] of PAGES) {
    for (const block of blocks.filter(({ language }) => language === "yaml")) {
      await t.step({
        name: `${file}:${block.line}`,
        ignore: block.mark.kind === "skip",
        fn: () => assertPipeline(block),
      });
    }
  }
});

async function assertPipeline({ text }: Block): Promise<void> {
  const content: unknown = parse(text);
  assert.ok(content !== null && typeof content === "object", "must be a mapping");
  if (!Object.keys(content).some((key) => Object.hasOwn(pipelineSchema.shape, key))) return;
  const whole = "source" in content
    ? text
    : stringify({ source: { uri: "clip.mkv" }, model: "denseav-mini", ...content });
  const completed = "model" in content || !("source" in content)
    ? whole
    : `${whole}\nmodel: denseav-mini\n`;
  await withFiles({ "page.yaml": completed }, async (folder) => {
    const { faults } = await readPipeline(join(folder, "page.yaml"));
    assert.deepEqual(faults.map(formatFault), []);
  });
}

Deno.test("events in JSON blocks pass the event's schema", () => {
  let count = 0;
  for (const { blocks } of PAGES.values()) {
    for (const { language, text, mark } of blocks) {
      if (!/^jsonl?$/.test(language) || mark.kind === "skip") continue;
      for (const event of language === "json" ? [text] : text.trim().split("\n")) {
        if (!/"schema":\s*"whence\/event\//.test(event)) continue;
        decodeEvent(event);
        count++;
      }
    }
  }
  assert.ok(count > 0);
});

Deno.test("relative links lead to files of the project and to headings of pages", async (t) => {
  for (const [file, { links }] of PAGES) {
    await t.step(file, () => {
      for (const link of links.filter((link) => !/^[a-z]+:/i.test(link))) {
        const [path, anchor] = link.split("#", 2);
        const target = path === "" ? file : normalize(join(dirname(file), decodeURI(path)));
        const folder = target.endsWith("/") ? target : `${target}/`;
        const there = FILES.some((name) => name === target || name.startsWith(folder));
        assert.ok(there, `${link}: ${target} is not in the project`);
        const page = PAGES.get(target);
        if (anchor && page) assert.ok(page.anchors.has(anchor), `${link}: no such heading`);
      }
    });
  }
});
