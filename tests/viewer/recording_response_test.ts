import assert from "node:assert/strict";
import { join } from "node:path";
import { recordingResponse } from "../../src/viewer/recording_response.ts";

Deno.test("recordings are served whole or in part; nothing else of the disk is", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(folder, "kept"));
    const secret = join(folder, "secret.jpg");
    await Deno.writeTextFile(secret, "secret");
    await Deno.writeTextFile(join(folder, "kept", "1.000-aaaaaa.mp4"), "0123456789");
    const get = (name: string, range?: string) =>
      recordingResponse(
        new Request("http://localhost/", { headers: range ? { range } : {} }),
        join(folder, "kept"),
        name,
        { "x-content-type-options": "nosniff" },
      );
    const whole = (await get("1.000-aaaaaa.mp4"))!;
    assert.equal(await whole.text(), "0123456789");
    assert.equal(whole.headers.get("content-type"), "video/mp4");
    assert.equal(whole.headers.get("x-content-type-options"), "nosniff");
    const part = (await get("1.000-aaaaaa.mp4", "bytes=2-4"))!;
    assert.deepEqual([part.status, await part.text()], [206, "234"]);
    assert.equal(part.headers.get("content-range"), "bytes 2-4/10");
    const rest = (await get("1.000-aaaaaa.mp4", "bytes=8-"))!;
    assert.deepEqual([rest.status, await rest.text()], [206, "89"]);
    assert.equal((await get("1.000-aaaaaa.mp4", "bytes=10-"))!.status, 416);
    for (const name of ["../secret.jpg", secret, "2.000-aaaaaa.mp4", ".hidden.jpg", "a.yaml"]) {
      assert.equal(await get(name), undefined, name);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
