import assert from "node:assert/strict";
import { tableText } from "../../src/cli/table.ts";

Deno.test("columns are as wide as their widest cell, in terminal cells", () => {
  assert.equal(
    tableText([["a", "12.3", "x"], ["bbb × →", "1"], ["日本", "100", ""]]),
    "a        12.3  x\nbbb × →  1\n日本     100",
  );
  assert.equal(tableText([]), "");
});

Deno.test("numbers are aligned to the right; the last alignment repeats", () => {
  assert.equal(
    tableText([["", "AP", "IoU"], ["dense", "0.5", "10"]], ["left", "right"]),
    "        AP  IoU\ndense  0.5   10",
  );
});
