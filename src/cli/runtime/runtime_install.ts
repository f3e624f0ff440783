import { ModelError } from "../../model/manifest.ts";
import { type Installation, installWheel } from "../../model/runtimes/install_wheel.ts";
import { installFolder } from "../../model/runtimes/installed_runtimes.ts";
import { downloadWheel, REQUIREMENT } from "../../model/runtimes/pip.ts";
import { UsageError } from "../exit.ts";
import { ProgressBar } from "../progress_bar.ts";
import { printNews } from "../stderr.ts";
import { tableText } from "../table.ts";

/** Installs a wheel file, or a package that pip downloads. */
export async function installRuntime(
  wheel: string,
  { index, ...options }: {
    readonly index?: string;
    readonly name?: string;
    readonly sha256?: string;
    readonly replace?: boolean;
  },
): Promise<void> {
  if (wheel.endsWith(".whl")) {
    if (index !== undefined) {
      throw new UsageError("Cannot install: --index must not be given with a .whl file");
    }
    return await install(wheel, options);
  }
  if (!REQUIREMENT.test(wheel)) {
    throw new UsageError(
      `Cannot install ${wheel}: it must be a .whl file, NAME or NAME==VERSION`,
    );
  }
  const folder = await Deno.makeTempDir({ prefix: "whence-wheel-" });
  try {
    printNews(`downloading ${wheel}`);
    await install(await downloadWheel(wheel, folder, index), options);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function install(
  path: string,
  options: { readonly name?: string; readonly sha256?: string; readonly replace?: boolean },
): Promise<void> {
  using bar = new ProgressBar("bytes");
  const installation = await installWheel(path, {
    ...options,
    parent: installFolder(),
    onProgress: (done, total) => bar.show(done, total, "unpacking"),
  }).catch((error) => {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    throw new ModelError(`Cannot install: ${installFolder()} must be writable`);
  });
  bar.clear();
  console.log(installationText(installation));
}

/** What was installed, one line per execution provider, and how to use it. */
function installationText({ runtime, probe }: Installation): string {
  const rows = probe.providers.map(({ provider, reason }) => [`  ${provider}`, reason ?? "ok"]);
  return [
    `installed ${runtime.name}: ONNX Runtime ${runtime.version} in ${runtime.folder}`,
    tableText(rows),
    `use it with \`runtime: { library: ${runtime.name} }\`; \`whence doctor\` explains what is missing`,
  ].join("\n");
}
