import assert from "node:assert/strict";
import { z } from "zod";
import { withGenerated } from "../../src/config/generated_part.ts";
import { configReference } from "../../src/config/reference.ts";
import { angleSchema, durationWithin } from "../../src/config/units.ts";

const port = z.int().min(1).max(65535);

const schema = z.strictObject({
  name: z.string().regex(/^[a-z]+$/, "must be lower-case letters").describe(
    "Shown in topics. Default: the file's name",
  ),
  server: z.strictObject({
    port: port.default(1883).describe("TCP | TLS"),
    wait: durationWithin("1s", "5m").prefault("10s"),
    fov: angleSchema.optional(),
    ratio: z.number().positive(),
    mode: z.enum(["a", "b"]).default("a"),
    points: z.array(z.tuple([z.number(), z.number()])).min(3).default([]),
    loud: z.boolean().default(false),
    ports: z.record(z.string(), port).default({}),
  }).describe("Where to listen.").prefault({ ratio: 2 }),
  file: z.union([z.string().min(1), z.strictObject({ path: z.string().min(1) })])
    .describe("Where to write").optional(),
});

const rows = (text: string) =>
  new Map(
    text.split("\n").filter((line) => line.startsWith("| `")).map((line) => {
      const [key, ...cells] = line.slice(2, -2).split(/ (?<!\\)\| /);
      return [key.replaceAll("`", ""), cells];
    }),
  );

Deno.test("each key has a row with its values, default and description", () => {
  const found = rows(configReference(schema));
  assert.deepEqual(found.get("name"), [
    "lower-case letters",
    "the file's name",
    "Shown in topics.",
  ]);
  assert.deepEqual(found.get("port"), ["integer, 1 to 65535", "`1883`", "TCP \\| TLS"]);
  assert.deepEqual(found.get("wait"), [
    "duration such as 250ms or 2s; from 1s to 5m",
    "`10s`",
    "",
  ]);
  assert.equal(found.get("fov")![0], "angle such as 78deg or 1.36rad");
  assert.equal(found.get("fov")![1], "–");
  assert.deepEqual(found.get("ratio")!.slice(0, 2), ["number, above 0", "**required**"]);
  assert.equal(found.get("mode")![0], "`a`, `b`");
  assert.equal(found.get("points")![0], "list of [number, number], at least 3");
  assert.equal(found.get("loud")![0], "`true`, `false`");
  assert.equal(found.get("ports")![0], "mapping of names to integer, 1 to 65535");
});

Deno.test("a block is a section with its description, a union of a string and a block has both", () => {
  const text = configReference(schema);
  assert.match(text, /^## server\n\nWhere to listen\.\n\n\| key/m);
  assert.equal(rows(text).get("file")![0], "string or mapping with the keys below");
  assert.match(
    text,
    /^## file\n\nWhere to write\n\n\| key .*\n.*\n\| `path` \| string \| \*\*required/m,
  );
});

Deno.test("only the generated part of a page is replaced", () => {
  const first = withGenerated(undefined, "one\n");
  const page = `# Title\n\n${first}\nThe end.\n`;
  const second = withGenerated(page, "two\n");
  assert.match(second, /^# Title\n\n<!--.*-->\n\ntwo\n\n<!--.*-->\n\nThe end\.\n$/);
  assert.equal(withGenerated(second, "two\n"), second);
});
