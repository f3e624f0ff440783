import assert from "node:assert/strict";
import { whence } from "../whence.ts";

Deno.test("setup installs nothing where GStreamer is complete, and names the parts that it knows", async () => {
  const done = await whence(["setup"]);
  assert.deepEqual(done, { code: 0, stdout: "GStreamer is installed\n", stderr: "" });
  const { code, stderr } = await whence(["setup", "nix"]);
  assert.equal(code, 2);
  assert.match(stderr, /Allowed choices are gstreamer, superficial/);
});
