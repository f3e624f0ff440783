import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const CYCLES = fileURLToPath(new URL("cycles.ts", import.meta.url));
const MEBIBYTE = 2 ** 20;

for (const library of ["auto", "node"]) {
  Deno.test(`2,000 sessions do not leak memory, threads or files (${library})`, async () => {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", CYCLES, library, "2000"],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    const held: { rss: number; threads: number; files: number }[] = new TextDecoder()
      .decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
    assert.equal(held.length, 10);
    const half = held[4];
    const end = held[9];
    // A leaked session or result would hold 120 kB and a thread, a thousand times between the two.
    assert.ok(end.rss - half.rss < 40 * MEBIBYTE, `RSS ${half.rss} → ${end.rss}`);
    assert.ok(end.threads < half.threads + 100, `threads ${half.threads} → ${end.threads}`);
    assert.ok(end.files < half.files + 100, `files ${half.files} → ${end.files}`);
  });
}
