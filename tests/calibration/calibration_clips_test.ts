import assert from "node:assert/strict";
import { join } from "node:path";
import { findClips } from "../../src/calibration/calibration_clips.ts";

Deno.test("a folder without clips is one line that says what it must contain", async () => {
  const folder = await Deno.makeTempDir();
  const missing = join(folder, "none");
  await assert.rejects(findClips(missing, 8), {
    name: "EvaluationError",
    message: `Cannot read ${missing}: no such folder`,
  });
  await assert.rejects(findClips(folder, 8), {
    name: "EvaluationError",
    message:
      `Cannot find clips: ${folder} must contain video files, pictures with sounds of the same name, or scenes.jsonl`,
  });
  await Deno.remove(folder, { recursive: true });
});
