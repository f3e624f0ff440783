import assert from "node:assert/strict";
import { Latencies } from "../../src/pipeline/latencies.ts";

Deno.test("Latencies gives quantiles of the newest values", () => {
  const latencies = new Latencies();
  assert.equal(latencies.quantile(0.5), null);
  for (let i = 1; i <= 100; i++) latencies.add(i);
  assert.equal(latencies.quantile(0.5), 50);
  assert.equal(latencies.quantile(0.95), 95);
  assert.equal(latencies.quantile(1), 100);
  for (let i = 0; i < 1000; i++) latencies.add(7);
  assert.equal(latencies.quantile(1), 7);
});
