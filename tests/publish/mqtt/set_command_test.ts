import assert from "node:assert/strict";
import fc from "fast-check";
import { parseSetCommand } from "../../../src/publish/mqtt/set_command.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("enabled is parsed", () => {
  assert.equal(parseSetCommand(bytes('{"enabled": true}')), true);
  assert.equal(parseSetCommand(bytes(' {"enabled":false}\n')), false);
});

Deno.test("anything else is refused in one short line", () => {
  const refused = (payload: Uint8Array) =>
    assert.throws(() => parseSetCommand(payload), (error: Error) => {
      assert.match(error.message, /^payload must be \{"enabled": true\} or .*, got /);
      assert.ok(!error.message.includes("\n") && error.message.length < 500);
      return true;
    });
  for (const text of ["", "ON", "true", '{"enabled":1}', '{"enabled":true,"x":1}', "[]", "null"]) {
    refused(bytes(text));
  }
  refused(bytes('{"enabled":true}'.padEnd(100_000) + "x"));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 3_000 }), refused));
});
