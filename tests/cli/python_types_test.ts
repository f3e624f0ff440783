import assert from "node:assert/strict";
import { z } from "zod";
import { pythonTypes } from "../../src/cli/python_types.ts";

const translated = (schema: z.ZodType) => pythonTypes(z.toJSONSchema(schema), "Thing");

Deno.test("keys that may be absent are in a class of their own", () => {
  const schema = z.strictObject({
    name: z.string().describe("What it is called"),
    size: z.number().nullable(),
    parts: z.array(z.strictObject({ count: z.int() })),
    at: z.tuple([z.number(), z.number()]).optional(),
  });
  assert.equal(
    translated(schema).split("\n").slice(2).join("\n"),
    `

class Part(TypedDict):
    count: int


class ThingRequired(TypedDict):
    # What it is called
    name: str
    size: Optional[float]
    parts: List[Part]


class Thing(ThingRequired, total=False):
    at: List[float]
`,
  );
});

Deno.test("a schema that has no translation is an error that names the key", () => {
  const parts = [
    z.union([z.string(), z.number()]),
    z.tuple([z.string(), z.number()]),
    z.record(z.string(), z.number()).array().or(z.string()),
  ];
  for (const part of parts) {
    assert.throws(
      () => translated(z.strictObject({ odd: part })),
      /^Error: Cannot write Python types: odd has no translation$/,
    );
  }
});
