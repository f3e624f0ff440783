import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { CaptureError } from "../../capture/capture_error.ts";
import type { LoadedPipeline } from "../../pipeline/load.ts";
import { reachOf } from "../../pipeline/reach.ts";
import { PublishError } from "../../publish/publish_error.ts";
import { UsageError } from "../exit.ts";
import { permissionFlags } from "./permissions.ts";
import { replaceProcess } from "./replace_process.ts";

const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));

/** Marks the process that runs under least permissions. */
export const CONFINED = "--confined";

/** What pipelines use besides what their files say. */
export interface LaunchOptions {
  readonly stateFolder: string;
  /** Whether the pipeline files are watched for changes. */
  readonly watch: boolean;
  /** Addresses that are listened on. */
  readonly net: readonly string[];
}

/**
 * Goes on as a process that has only the permissions that its pipelines need; does not return.
 *
 * @param args the command line of this process.
 * @throws {UsageError} if a part cannot run that way.
 */
export async function runUnderLeastPermissions(
  loaded: readonly LoadedPipeline[],
  args: readonly string[],
  { stateFolder, watch, net }: LaunchOptions,
): Promise<never> {
  if (loaded.some(({ config }) => config.view) || args.some((arg) => /^--view\b/.test(arg))) {
    throw new UsageError(
      "Cannot show the live page under least permissions: it is bundled by another program; " +
        "remove --least-permissions or the page",
    );
  }
  if (loaded.some(({ config }) => config.record)) {
    throw new UsageError(
      "Cannot record under least permissions: videos are encoded by another program; " +
        "remove --least-permissions or record",
    );
  }
  const reaches = await Promise.all(loaded.map(reachOf)).catch((error) => {
    if (!(error instanceof CaptureError || error instanceof PublishError)) throw error;
    throw new UsageError(`${error.message} or --least-permissions`);
  });
  await Deno.mkdir(stateFolder, { recursive: true });
  const folders = watch ? loaded.map(({ file }) => dirname(file)) : [];
  const error = replaceProcess(Deno.execPath(), [
    ...["run", "--quiet", "--no-prompt", "--cached-only", `--config=${PROJECT}deno.json`],
    "--v8-flags=--max-semi-space-size=1",
    ...permissionFlags([...reaches, { read: folders, write: [stateFolder], net }]),
    `${PROJECT}src/main.ts`,
    ...args.map((arg) => arg === "--least-permissions" ? CONFINED : arg),
  ]);
  throw new UsageError(`Cannot run under least permissions: ${error.message}`);
}
