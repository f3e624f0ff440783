import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { JETPACKS, jetpackText } from "../../../src/model/providers/jetpack.ts";

const GUIDE = fileURLToPath(new URL("../../../docs/jetson.md", import.meta.url));

Deno.test("the release of Jetson Linux tells the JetPack", () => {
  const release = (line: string) => `${line}\n# KERNEL_VARIANT: oot\n`;
  assert.equal(
    jetpackText(release("# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic")),
    "6 (Jetson Linux 36.4.3), which has CUDA 12.6, cuDNN 9.3, TensorRT 10.3",
  );
  assert.match(jetpackText(release("# R35 (release), REVISION: 6.0, GCID: 1"))!, /^5 .*CUDA 11\.4/);
  assert.equal(jetpackText(release("# R99 (release), REVISION: 1.0,")), "Jetson Linux 99.1.0");
  assert.equal(jetpackText("anything else"), undefined);
});

Deno.test("the guide has the same table", async () => {
  const guide = await Deno.readTextFile(GUIDE);
  for (const { jetpack, linux, ubuntu, cuda, cudnn, tensorrt } of JETPACKS) {
    const row = `| ${[jetpack, linux, ubuntu, cuda, cudnn, tensorrt].join(" | ")} |`;
    assert.ok(guide.includes(row), row);
  }
});
