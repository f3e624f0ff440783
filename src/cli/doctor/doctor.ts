import { Command } from "commander";
import type { Override } from "../../config/override.ts";
import { setOption } from "../options.ts";

/** `whence doctor`: what this machine has, and what a pipeline file needs that is missing. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description("check this machine, or what a pipeline file needs")
    .argument("[file]", "pipeline file")
    .addOption(setOption())
    .option("--json", "print the findings as JSON")
    .addHelpText("after", "\nThe exit code is 1 if anything required is missing.")
    .action(async (file: string | undefined, options: { set: Override[]; json?: boolean }) => {
      const { sourceChecks } = await import("../../pipeline/compose.ts");
      const { examine } = await import("../../pipeline/examine.ts");
      const { anyMissing, findingsText } = await import("./findings_text.ts");
      const { maskSecrets } = await import("../../core/secrets.ts");
      const findings = await examine(file, options.set, sourceChecks());
      const missing = anyMissing(findings);
      const text = options.json
        ? JSON.stringify({ ok: !missing, findings }, null, 2)
        : findingsText(findings);
      console.log(maskSecrets(text));
      if (missing) Deno.exitCode = 1;
    });
}
