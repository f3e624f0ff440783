import { dirname, resolve } from "node:path";
import { CaptureError } from "../capture/capture_error.ts";
import { SOURCE_KEYS } from "../capture/source.ts";
import { readAddress } from "../capture/source_address.ts";
import { hostText, parseListenAddress } from "../core/listen_address.ts";
import { resolvePath } from "../core/paths.ts";
import { joinedReach, type Reach } from "../core/reach.ts";
import { FOXGLOVE_PORT } from "../foxglove/foxglove_schema.ts";
import { METRICS_PORT } from "../metrics/metrics_schema.ts";
import { findModel } from "../model/find_model.ts";
import { libraryPath } from "../model/runtime/library_path.ts";
import { isRemote, parseOipAddress } from "../model/runtime/remote/oip_address.ts";
import { runtimeFolders } from "../model/runtimes/installed_runtimes.ts";
import { PublishError } from "../publish/publish_error.ts";
import { SINKS } from "../publish/sinks.ts";
import type { LoadedPipeline } from "./load.ts";

/** What is read on every machine: whether it is a Jetson. */
const PLATFORM_FILES = ["/etc/nv_tegra_release"];

/**
 * The files and addresses that a pipeline uses from JavaScript.
 *
 * @throws {ModelError} when its model is not found.
 * @throws {CaptureError} when its source is captured in a child process.
 * @throws {PublishError} when one of its sinks does not say what it uses.
 */
export async function reachOf(
  { config, file, folder }: Pick<LoadedPipeline, "config" | "file" | "folder">,
) {
  const { runtime, source, metrics } = config;
  if (source.isolate || source.binding === "superficial") {
    const key = source.isolate ? "isolate" : "binding";
    throw new CaptureError(
      `Cannot run with least permissions: source.${key} starts a child process, which Deno cannot restrict; ` +
        `remove source.${key}`,
      ["source", key],
    );
  }
  const model = await findModel(config.model, folder);
  const server = isRemote(runtime.library) ? [parseOipAddress(runtime.library).host] : [];
  const library = ["auto", "node"].includes(runtime.library) || server.length > 0
    ? []
    : [...runtimeFolders(), dirname(libraryPath(runtime.library, folder))];
  const banks = [config.things, config.labels.bank].flatMap((bank) =>
    bank === undefined ? [] : [resolve(folder, bank)]
  );
  const cache = typeof runtime.cache === "string" ? [resolve(folder, runtime.cache)] : [];
  const listener = metrics === undefined ? undefined : parseListenAddress(metrics, METRICS_PORT);
  const foxglove = config.foxglove && parseListenAddress(config.foxglove.address, FOXGLOVE_PORT);
  const parts: Reach[] = [
    {
      read: [resolve(file), model.path, ...library, ...banks, ...PLATFORM_FILES],
      write: cache,
      net: server,
    },
    ...SOURCE_KEYS.flatMap((key) => {
      const text = source[key];
      return text === undefined ? [] : [readAddress(text, key, folder).reach()];
    }),
    ...Object.entries(config.publish).flatMap(([key, settings]) =>
      sinkReach(key, settings, folder)
    ),
    ...[listener, foxglove].flatMap((served) => served ? [{ net: [hostText(served)] }] : []),
  ];
  return joinedReach(parts);
}

function sinkReach(key: string, settings: unknown, folder: string): Reach[] {
  const sink = SINKS.find((sink) => sink.key === key);
  if (sink === undefined || settings === undefined) return [];
  if (sink.reach === undefined) {
    throw new PublishError(
      `Cannot run with least permissions: those of publish.${key} are not known; remove publish.${key}`,
      [key],
    );
  }
  const files = sink.fileKeys.flatMap((name) => {
    const path = (settings as Record<string, unknown>)[name];
    return typeof path === "string" ? [resolvePath(folder, path)] : [];
  });
  return [{ read: files }, sink.reach(settings as never, { folder })];
}
