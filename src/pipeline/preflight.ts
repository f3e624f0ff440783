import { CaptureError } from "../capture/capture_error.ts";
import { SOURCE_KEYS, type SourceDescriptor } from "../capture/source.ts";
import { addressFault, readAddress } from "../capture/source_address.ts";
import { SOURCES } from "../capture/sources.ts";
import { byPlace, type ConfigFault } from "../config/fault.ts";
import { resolvePath } from "../core/paths.ts";
import type { ConfigDocument } from "../config/read.ts";
import { checkLabels } from "./labels_preflight.ts";
import type { PipelineReading } from "./load.ts";
import type { PlannedSource, SourceChecks } from "./parts.ts";
import type { PipelineConfig, Registries } from "./schema.ts";
import { fileFault } from "../core/file_fault.ts";
import { checkHashes } from "../model/checksum.ts";
import { findModel } from "../model/find_model.ts";
import { ModelError, type ModelFolder } from "../model/manifest.ts";
import { PROVIDERS } from "../model/providers.ts";
import { libraryPath } from "../model/runtime/library_path.ts";
import { chooseProviders, type Offer, wantedProviders } from "../model/runtime/provider_policy.ts";
import { isRemote, parseOipAddress } from "../model/runtime/remote/oip_address.ts";
import { probeServer, type ServerProbe } from "../model/runtime/remote/probe_server.ts";
import { localConfig } from "../model/runtime/remote/remote_runtime.ts";
import { type LibraryProbe, probeProviders } from "../model/runtime/runtime.ts";
import type { AnySink } from "../publish/sink_descriptor.ts";
import { SINKS } from "../publish/sinks.ts";
import { type TriedRecording, tryRecording } from "./record_preflight.ts";
import { sinkFilePaths, type TriedSink, trySinks } from "./sink_preflight.ts";

/** What a pipeline file would run with. */
export interface Preflight {
  readonly document: ConfigDocument;
  readonly config: PipelineConfig;
  readonly model: ModelFolder;
  readonly plan: PlannedSource;
  readonly library: LibraryProbe;
  /** The inference server that runs the encoders, if the file names one. */
  readonly server?: ServerProbe;
  readonly offer: Offer;
  readonly sinks: readonly TriedSink[];
  /** Absent if the file records nothing. */
  readonly recording?: TriedRecording;
}

/** The outcome: `found` is whole when `faults` is empty. */
export interface PreflightReport {
  readonly found: Partial<Preflight>;
  readonly faults: readonly ConfigFault[];
}

/**
 * Looks for everything that a pipeline file names on this machine: its model, source files, certificates, library and
 * providers; and tries its sinks and its folder of recordings. Works on files with faults too, so that what is missing shows together with what is wrong.
 */
export async function preflight(
  reading: PipelineReading,
  checks: SourceChecks,
  { sources = SOURCES, sinks = SINKS }: Registries = {},
): Promise<PreflightReport> {
  const report = await lookAround(reading, checks, { sources, sinks });
  return { ...report, faults: report.faults.toSorted(byPlace) };
}

async function lookAround(
  reading: PipelineReading,
  checks: SourceChecks,
  { sources, sinks }: Required<Registries>,
): Promise<PreflightReport> {
  const { document, config } = reading;
  if (document === undefined) return { found: {}, faults: reading.faults };
  const faults = [...reading.faults];
  const model = await modelOf(document, faults);
  const known = faults.length;
  const hasLibrary = await findFiles(document, sinks, faults);
  const hasFiles = faults.length === known;
  const hasSources = findSources(document, sources, faults);
  if (config === undefined) return { found: { document, model }, faults };
  if (model) await checkLabels(document, config, model, faults);
  const plan = model && hasSources
    ? await planOf(document, config, model, checks, faults)
    : undefined;
  if (plan?.fault) faults.push(document.fault(plan.fault.path, plan.fault.message));
  const run = hasLibrary ? await runtimeOf(document, config, model, faults) : undefined;
  const tried = hasFiles ? await trySinks(document, config, sinks, faults) : undefined;
  const recording = config.record && await tryRecording(document, config.record, checks, faults);
  return { found: { document, config, model, plan, ...run, sinks: tried, recording }, faults };
}

async function modelOf(
  document: ConfigDocument,
  faults: ConfigFault[],
): Promise<ModelFolder | undefined> {
  const name = textAt(document, ["model"]);
  if (name === undefined) return undefined;
  try {
    const model = await findModel(name, document.folder);
    await checkHashes(model);
    return model;
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    faults.push(document.fault(["model"], error.message));
    return undefined;
  }
}

/** Whether the ONNX Runtime library that the file names is there; of a server, whether its address is valid. */
async function findFiles(
  document: ConfigDocument,
  sinks: readonly AnySink[],
  faults: ConfigFault[],
): Promise<boolean> {
  const library = ["runtime", "library"];
  let hasLibrary = true;
  for (const path of [...sinkFilePaths(sinks), library]) {
    const named = textAt(document, path);
    if (named === undefined || path === library && ["auto", "node"].includes(named)) continue;
    let file: string;
    try {
      if (path === library && isRemote(named)) {
        parseOipAddress(named);
        continue;
      }
      file = path === library
        ? libraryPath(named, document.folder)
        : resolvePath(document.folder, named);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      hasLibrary = false;
      faults.push(document.fault(path, error.message));
      continue;
    }
    const fault = await fileFault(file);
    if (fault === undefined) continue;
    if (path === library) hasLibrary = false;
    faults.push(
      document.fault(path, `${path.join(".")} must be a readable file, got ${file} (${fault})`),
    );
  }
  return hasLibrary;
}

/** Whether everything that the source keys name is on this machine; their syntax is the schema's business. */
function findSources(
  document: ConfigDocument,
  sources: readonly SourceDescriptor[],
  faults: ConfigFault[],
): boolean {
  let all = true;
  for (const key of SOURCE_KEYS) {
    const path = ["source", key];
    const text = textAt(document, path);
    if (text === undefined || addressFault(text, key, sources) !== undefined) continue;
    const absent = readAddress(text, key, document.folder, sources).absent();
    if (absent === undefined) continue;
    all = false;
    faults.push(document.fault(path, absent));
  }
  return all;
}

async function planOf(
  document: ConfigDocument,
  config: PipelineConfig,
  { manifest }: ModelFolder,
  checks: SourceChecks,
  faults: ConfigFault[],
): Promise<PlannedSource | undefined> {
  const { audio } = manifest;
  const { duration } = config.window;
  if (duration * audio.sample_rate < audio.min_samples) {
    const least = Math.ceil(audio.min_samples / audio.sample_rate * 1000);
    const message = `window.duration must be at least ${least}ms for ${manifest.name}, got ${
      duration * 1000
    }ms`;
    faults.push(document.fault(["window", "duration"], message));
  }
  try {
    return await checks.plan(config.source, manifest, document.folder);
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    faults.push(document.fault(error.path, error.message));
    return undefined;
  }
}

async function runtimeOf(
  document: ConfigDocument,
  config: PipelineConfig,
  model: ModelFolder | undefined,
  faults: ConfigFault[],
): Promise<Pick<Preflight, "library" | "offer" | "server"> | undefined> {
  const remote = isRemote(config.runtime.library);
  let at = ["runtime", remote ? "providers" : "library"];
  try {
    const runtime = remote ? localConfig(config.runtime) : config.runtime;
    at = ["runtime", "library"];
    const server = remote && model
      ? await probeServer(config.runtime.library, model.manifest)
      : undefined;
    const library = await probeProviders(runtime, document.folder);
    at = ["runtime", "providers"];
    const reasons = new Map(library.providers.map(({ provider, reason }) => [provider, reason]));
    const offer = await chooseProviders(
      wantedProviders(runtime, PROVIDERS),
      ({ name }) => Promise.resolve(reasons.get(name)),
    );
    return { library, offer, server };
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    faults.push(document.fault(at, error.message));
    return undefined;
  }
}

function textAt(document: ConfigDocument, path: readonly string[]): string | undefined {
  let value = document.content;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return typeof value === "string" && value !== "" ? value : undefined;
}
