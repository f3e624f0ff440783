import assert from "node:assert/strict";
import { judgePlacement } from "../../../src/model/runtime/placement.ts";

Deno.test("a model runs where most of its nodes are", () => {
  assert.deepEqual(judgePlacement({ cuda: 300, cpu: 4 }, ["cuda"], "cpu"), {
    provider: "cuda",
    nodes: { cuda: 300, cpu: 4 },
    refused: [],
  });
  assert.deepEqual(judgePlacement({ tensorrt: 300 }, ["tensorrt", "cuda"], "cpu").refused, []);
  assert.equal(judgePlacement({ cpu: 12 }, [], "cpu").provider, "cpu");
});

Deno.test("a provider that is not used is reported with the reason", () => {
  const { provider, refused } = judgePlacement(
    { tensorrt: 1, cpu: 9 },
    ["tensorrt", "cuda"],
    "cpu",
  );
  assert.equal(provider, "cpu");
  assert.deepEqual(refused, [
    { provider: "tensorrt", reason: "it takes 1 of 10 nodes, most work is done on cpu" },
    { provider: "cuda", reason: "it takes 0 of 10 nodes, most work is done on cpu" },
  ]);
});

Deno.test("time counts more than nodes where it is known", () => {
  // An engine that holds a whole network is one node.
  const work = { tensorrt: 9000, cpu: 20 };
  assert.equal(
    judgePlacement({ tensorrt: 1, cpu: 3 }, ["tensorrt"], "cpu", work).provider,
    "tensorrt",
  );
});

Deno.test("the preferred provider is assumed while nothing is known, and wins a tie", () => {
  assert.deepEqual(judgePlacement({}, ["cuda"], "cpu"), {
    provider: "cuda",
    nodes: {},
    refused: [],
  });
  assert.equal(judgePlacement({}, [], "cpu").provider, "cpu");
  assert.equal(judgePlacement({ cpu: 2, cuda: 2 }, ["cuda"], "cpu").provider, "cuda");
});
