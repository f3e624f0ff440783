import assert from "node:assert/strict";
import type { Provider } from "../../../src/model/runtime_schema.ts";
import { ModelError } from "../../../src/model/manifest.ts";
import { chooseProviders } from "../../../src/model/runtime/provider_policy.ts";

const reasonAgainst = (missing: Partial<Record<Provider, string>>) => {
  const asked: Provider[] = [];
  return { asked, reason: (p: Provider) => (asked.push(p), Promise.resolve(missing[p])) };
};

Deno.test("providers that can be had are offered in the order asked for", async () => {
  const { reason } = reasonAgainst({});
  for (const wanted of [["cuda", "tensorrt", "cpu"], ["tensorrt"], ["cuda", "tensorrt"]] as const) {
    assert.deepEqual(await chooseProviders(wanted, reason), { providers: wanted, refused: [] });
  }
});

Deno.test("a missing provider is refused with its reason where cpu is asked for too", async () => {
  const { reason } = reasonAgainst({ tensorrt: "no libnvinfer.so.10" });
  assert.deepEqual(await chooseProviders(["tensorrt", "cuda", "cpu"], reason), {
    providers: ["cuda", "cpu"],
    refused: [{ provider: "tensorrt", reason: "no libnvinfer.so.10" }],
  });
});

Deno.test("a missing provider is an error where cpu is not asked for", async () => {
  const { reason } = reasonAgainst({ tensorrt: "no libnvinfer.so.10" });
  for (const wanted of [["tensorrt"], ["tensorrt", "cuda"], ["cuda", "tensorrt"]] as const) {
    await assert.rejects(chooseProviders(wanted, reason), (error: Error) => {
      assert.ok(error instanceof ModelError);
      assert.equal(
        error.message,
        "Cannot run on tensorrt: no libnvinfer.so.10 (add cpu to runtime.providers to run without it)",
      );
      return true;
    });
  }
});

Deno.test("what stands behind cpu is not even tried, and nothing is tried twice", async () => {
  const behind = reasonAgainst({ cuda: "no GPU" });
  assert.deepEqual(await chooseProviders(["cpu", "cuda"], behind.reason), {
    providers: ["cpu"],
    refused: [],
  });
  assert.deepEqual(behind.asked, []);
  const twice = reasonAgainst({ cuda: "no GPU" });
  const { refused } = await chooseProviders(["cuda", "cuda", "cpu"], twice.reason);
  assert.equal(refused.length, 1);
  assert.deepEqual(twice.asked, ["cuda"]);
});
