import assert from "node:assert/strict";
import { ModelError } from "../../../src/model/manifest.ts";
import type { Accelerator } from "../../../src/model/provider.ts";
import { ProviderRegistry } from "../../../src/model/provider_registry.ts";
import { PROVIDERS } from "../../../src/model/providers.ts";
import { cpu } from "../../../src/model/providers/cpu.ts";
import { cuda } from "../../../src/model/providers/cuda.ts";
import { tensorrt } from "../../../src/model/providers/tensorrt.ts";
import { chooseProviders, wantedProviders } from "../../../src/model/runtime/provider_policy.ts";

const reasonAgainst = (missing: Record<string, string>) => {
  const asked: string[] = [];
  return {
    asked,
    reason: ({ name }: Accelerator) => (asked.push(name), Promise.resolve(missing[name])),
  };
};
const choose = (
  names: string[] | undefined,
  reason: ReturnType<typeof reasonAgainst>["reason"],
  registry = PROVIDERS,
) => chooseProviders(wantedProviders({ providers: names }, registry), reason);

Deno.test("available providers are offered in the order in which they are listed", async () => {
  const { reason } = reasonAgainst({});
  for (const names of [["cuda", "tensorrt", "cpu"], ["tensorrt"], ["cuda", "tensorrt"]]) {
    const { providers, refused } = await choose(names, reason);
    assert.deepEqual(providers.map(({ name }) => name), names);
    assert.deepEqual(refused, []);
  }
});

Deno.test("an unavailable provider is refused with its reason where cpu is listed too", async () => {
  const { reason } = reasonAgainst({ tensorrt: "no libnvinfer.so.10" });
  assert.deepEqual(await choose(["tensorrt", "cuda", "cpu"], reason), {
    providers: [cuda, cpu],
    refused: [{ provider: "tensorrt", reason: "no libnvinfer.so.10" }],
  });
});

Deno.test("an unavailable provider is an error where cpu is not listed", async () => {
  const { reason } = reasonAgainst({ tensorrt: "no libnvinfer.so.10" });
  for (const names of [["tensorrt"], ["tensorrt", "cuda"], ["cuda", "tensorrt"]]) {
    await assert.rejects(choose(names, reason), (error: Error) => {
      assert.ok(error instanceof ModelError);
      assert.equal(
        error.message,
        "Cannot run on tensorrt: no libnvinfer.so.10 (add cpu to runtime.providers to run without it)",
      );
      return true;
    });
  }
});

Deno.test("providers listed after cpu are not tried, and none is tried twice", async () => {
  const after = reasonAgainst({ cuda: "no GPU" });
  assert.deepEqual(await choose(["cpu", "cuda"], after.reason), { providers: [cpu], refused: [] });
  assert.deepEqual(after.asked, []);
  const twice = reasonAgainst({ cuda: "no GPU" });
  const { refused } = await choose(["cuda", "cuda", "cpu"], twice.reason);
  assert.equal(refused.length, 1);
  assert.deepEqual(twice.asked, ["cuda"]);
});

Deno.test("by default all are tried, and only those whose device is present are reported", async () => {
  const { asked, reason } = reasonAgainst({ tensorrt: "no libnvinfer", cuda: "no libcudart" });
  const registry = new ProviderRegistry(
    { ...tensorrt, hasDevice: () => false },
    { ...cuda, hasDevice: () => true },
    cpu,
  );
  const { providers, refused } = await choose(undefined, reason, registry);
  assert.deepEqual(asked, ["tensorrt", "cuda"]);
  assert.deepEqual(providers, [cpu]);
  assert.deepEqual(refused, [{ provider: "cuda", reason: "no libcudart" }]);
});
