import assert from "node:assert/strict";
import { bytesText, countText, flopsText } from "../../src/core/quantities.ts";

Deno.test("quantities have three significant digits and an SI prefix", () => {
  const bytes = {
    "0 B": 0,
    "812 B": 812,
    "1 kB": 999.6,
    "45.3 MB": 45_320_000,
    "1 MB": 999_999,
    "1.37 GB": 1_370_000_000,
  };
  for (const [text, value] of Object.entries(bytes)) assert.equal(bytesText(value), text);
  assert.equal(flopsText(45.12e9), "45.1 GFLOP");
  assert.equal(countText(343.7e6), "344 M");
  assert.equal(countText(12), "12");
});
