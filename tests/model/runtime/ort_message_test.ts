import assert from "node:assert/strict";
import { cString } from "../../../src/core/c_string.ts";
import { Out } from "../../../src/model/runtime/c_memory.ts";
import { findNodeLibrary } from "../../../src/model/runtime/node_library.ts";
import { loadOrt, OrtError } from "../../../src/model/runtime/ort_api.ts";
import { oneLine } from "../../../src/model/runtime/ort_message.ts";
import { SessionOptions } from "../../../src/model/runtime/ort_options.ts";
import { negate } from "../tiny_models.ts";

const CASES: [said: string, told: string][] = [
  ["Protobuf parsing failed.", "Protobuf parsing failed."],
  ["Load model from /a b/image.onnx failed:Protobuf parsing failed.", "Protobuf parsing failed."],
  ["Load model /a/image.onnx failed. File doesn't exist", "File doesn't exist"],
  [
    "/build/onnxruntime/core/providers/cuda/info.cc:60 static ns::Info ns::Info::From(const ns::Options&) " +
    '[ONNXRuntimeError] : 1 : FAIL : provider_options_utils.h:182 Parse Unknown provider option: "x".\n',
    'Unknown provider option: "x".',
  ],
  [
    'provider_options_utils.h:187 Parse Failed to parse provider option "device_id": CUDA failure 100: ' +
    "no CUDA-capable device is detected ; GPU=-1 ; hostname=robot ; file=/build/info.cc ; line=67 ;",
    "CUDA failure 100: no CUDA-capable device is detected",
  ],
  ["Non-zero status code returned.\n\nStacktrace:\n(0): f()", "Non-zero status code returned."],
];

Deno.test("ONNX Runtime's messages are reduced to one line", () => {
  for (const [said, told] of CASES) {
    assert.equal(oneLine(new OrtError(said)), told);
    assert.equal(oneLine(said), told);
  }
});

Deno.test("nodes that only the CPU can compute are reported in plain words", async () => {
  const ort = loadOrt(findNodeLibrary());
  const out = new Out();
  ort.check(ort.api.CreateEnv(4, cString("message"), out.cell));
  const env = out.pointer;
  const options = new SessionOptions(ort, 1);
  options.set("session.disable_cpu_ep_fallback", "1");
  const model = negate() as Uint8Array<ArrayBuffer>;
  const size = BigInt(model.length);
  const status = await ort.api.CreateSessionFromArray(env, model, size, options.pointer, out.cell);
  assert.throws(() => ort.check(status), (error: Error) => {
    assert.match(oneLine(error), /^some of its nodes run on the CPU only/);
    return true;
  });
  options[Symbol.dispose]();
  ort.api.ReleaseEnv(env);
});
