import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Clips, H264_PCM, picture, tone } from "./media.ts";

interface Held {
  readonly rssKb: number;
  readonly threads: number;
  readonly files: number;
}

/** What a fresh process holds after each 50 of 250 starts and stops. */
async function cycles(source: Record<string, unknown>): Promise<Held[]> {
  const script = fileURLToPath(new URL("./cycles.ts", import.meta.url));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", "--v8-flags=--expose-gc", script, JSON.stringify(source)],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("200 starts and stops leave no memory, thread or file behind", async (t) => {
  using clips = new Clips();
  const uri = await clips.make(...picture(10, 1), ...tone(1), ...H264_PCM, "a.mkv");
  const graph = "videotestsrc is-live=true ! appsink name=video " +
    "audiotestsrc is-live=true ! appsink name=audio";
  for (const source of [{ uri, pace: "fast" }, { graph, pace: "fast" }]) {
    await t.step(Object.keys(source)[0], async () => {
      const [first, ...rest] = await cycles(source);
      const last = rest.at(-1)!;
      assert.equal(rest.length, 4);
      const grownKb = last.rssKb - first.rssKb;
      // One frame left behind at each start would be 30 MB, one thread 200; on a busy machine allocators and thread
      // pools wander by a few.
      assert.ok(grownKb < 20_000, `memory grew by ${grownKb} kB`);
      assert.ok(last.threads <= first.threads + 20, `${first.threads} → ${last.threads} threads`);
      assert.ok(last.files <= first.files + 20, `${first.files} → ${last.files} files`);
    });
  }
});
