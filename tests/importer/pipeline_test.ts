import assert from "node:assert/strict";
import { join } from "node:path";
import { runtimeSchema } from "../../src/model/runtime_schema.ts";
import { importModel } from "../../src/importer/import_model.ts";
import { openRuntime } from "../../src/model/runtime/runtime.ts";
import { runImported } from "./imported_run.ts";
import { TINY, writeSyntheticCheckpoint } from "./synthetic_checkpoint.ts";
import { inFolder } from "./temporary_folder.ts";

for (const fixed of [false, true]) {
  for (const useCls of [false, true]) {
    const name = `${fixed ? "fixed" : "dynamic"}${useCls ? " with class tokens" : ""}`;
    Deno.test(`an imported model runs in a pipeline: ${name}`, async () => {
      await inFolder(async (folder) => {
        const source = join(folder, "source");
        await writeSyntheticCheckpoint(source, { ...TINY, useCls });
        const runtime = await openRuntime(
          runtimeSchema.parse({ providers: ["cpu"], threads: 1 }),
          ".",
        );
        const report = await importModel(source, runtime, {
          name: "imported",
          out: folder,
          precision: "fp32",
          image: { width: 64, height: 48 },
          window: 2,
          fixed,
        });
        await runtime.close();
        const { log } = await runImported(report.folder, 4, 1);
        assert.match(log, /head 0 \(speech\) is not calibrated/);
      });
    });
  }
}
