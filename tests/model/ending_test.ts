import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const ENDING = fileURLToPath(new URL("ending.ts", import.meta.url));
const CODES = { end: 0, "run-under-way": 0, exit: 7, "exit-in-run": 7, throw: 1 };

for (const [way, expected] of Object.entries(CODES)) {
  Deno.test(`a process with an open session ends with its own exit code: ${way}`, async () => {
    for (let i = 0; i < 3; i++) {
      const { code, signal } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", ENDING, way],
        stdout: "null",
        stderr: "null",
      }).output();
      assert.equal(signal, null);
      assert.equal(code, expected);
    }
  });
}
