import assert from "node:assert/strict";
import { parseWheelName, platformFault } from "../../../src/model/runtimes/wheel_name.ts";

Deno.test("a wheel's name gives the distribution, version and platforms", () => {
  assert.deepEqual(
    parseWheelName("onnxruntime_gpu-1.23.0-cp310-cp310-linux_aarch64.whl"),
    { distribution: "onnxruntime-gpu", version: "1.23.0", platforms: ["linux_aarch64"] },
  );
  assert.deepEqual(
    parseWheelName("OnnxRuntime-1.20.1-1-cp38-cp38-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"),
    {
      distribution: "onnxruntime",
      version: "1.20.1",
      platforms: ["manylinux_2_17_x86_64", "manylinux2014_x86_64"],
    },
  );
});

Deno.test("a wheel fits a machine of its architecture with its C library or a newer one", () => {
  const fault = (platforms: string[], arch: string, glibc: number) =>
    platformFault({ distribution: "a", version: "1", platforms }, { arch, glibc });
  assert.equal(fault(["manylinux_2_28_x86_64"], "x86_64", 28), undefined);
  assert.equal(fault(["manylinux_2_28_x86_64"], "x86_64", 27), "it needs glibc 2.28, got 2.27");
  assert.equal(fault(["manylinux2014_aarch64"], "aarch64", 17), undefined);
  assert.equal(fault(["linux_aarch64"], "aarch64", 31), undefined);
  assert.equal(fault(["linux_aarch64"], "x86_64", 36), "it must be for x86_64, got aarch64");
  assert.match(fault(["musllinux_1_2_x86_64"], "x86_64", 36)!, /Linux with glibc/);
  const either = ["manylinux_2_34_x86_64", "manylinux_2_27_x86_64"];
  assert.equal(fault(either, "x86_64", 31), undefined);
});
