import assert from "node:assert/strict";
import { callFault, whenceCalls } from "./command_lines.ts";
import { readPage } from "./page.ts";

const PAGE = `# A *title* with \`code\`

See [b](b.md#a-title) and \`whence run x.yaml\`.

\`\`\`sh
one
\`\`\`

<!-- test: exit 1 -->
\`\`\`sh
two
\`\`\`

<!-- test: skip needs a camera -->

\`\`\`yaml
three: 3
\`\`\`

<!-- test: stop 1.5s -->
Text between.
\`\`\`sh
four
\`\`\`

    indented

# A title with code
`;

Deno.test("a page's blocks, marks, links and anchors", () => {
  const { blocks, links, anchors, codes } = readPage(PAGE);
  assert.deepEqual(blocks, [
    { language: "sh", text: "one", line: 5, mark: { kind: "run" } },
    { language: "sh", text: "two", line: 10, mark: { kind: "exit", code: 1 } },
    {
      language: "yaml",
      text: "three: 3",
      line: 16,
      mark: { kind: "skip", reason: "needs a camera" },
    },
    { language: "sh", text: "four", line: 22, mark: { kind: "run" } },
  ]);
  assert.deepEqual(links, ["b.md#a-title"]);
  assert.deepEqual([...anchors], ["a-title-with-code", "a-title-with-code-1"]);
  assert.deepEqual(codes, ["code", "whence run x.yaml"]);
});

Deno.test("a mark without its value, or of no kind, is refused", () => {
  assert.throws(() => readPage("<!-- test: skip -->\n```sh\na\n```\n"), /must have a reason/);
  assert.throws(() => readPage("<!-- test: later -->\n```sh\na\n```\n"), /skip, exit or stop/);
});

Deno.test("calls of whence are found in scripts", () => {
  const script = `# whence not this
A=1 whence run a.yaml --set 'x=[1, 2]' # nor this
npx -y deno@2.9.6 task demo && deno task whence check \\
  b.yaml | head
deno task test
echo whence
whence watch > out.txt; whence doctor`;
  assert.deepEqual(whenceCalls(script), [
    ["run", "a.yaml", "--set", "x=[1, 2]"],
    ["demo"],
    ["check", "b.yaml"],
    ["watch", "out.txt"],
    ["doctor"],
  ]);
});

Deno.test("commands and options that do not exist are faults", () => {
  const good = [
    ["run", "a.yaml", "--duration", "3s", "--log-format", "json"],
    ["--log-level", "debug", "run", "a.yaml"],
    ["model", "import", "FOLDER", "--precision=fp16", "--static"],
    ["--version"],
    ["check", "--help"],
  ];
  for (const args of good) assert.equal(callFault(args), undefined, args.join(" "));
  assert.match(callFault(["rnu", "a.yaml"])!, /no command rnu/);
  assert.match(callFault(["run", "--durations", "3s"])!, /no option --durations/);
  assert.match(callFault(["model", "fetch"])!, /model has no command fetch/);
});
