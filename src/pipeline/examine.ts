import { ConfigError } from "../config/fault.ts";
import type { Override } from "../config/override.ts";
import { readPipeline } from "./load.ts";
import type { SourceChecks } from "./parts.ts";
import { PROVIDERS } from "../model/providers.ts";
import { type RuntimeConfig, runtimeSchema } from "../model/runtime_schema.ts";
import { usedSinks } from "../publish/make_sinks.ts";
import { publishSchema } from "../publish/publish_schema.ts";
import { findModel, listModels } from "../model/find_model.ts";
import { ModelError, type ModelFolder } from "../model/manifest.ts";
import { type LibraryProbe, probeProviders } from "../model/runtime/runtime.ts";
import { isRemote } from "../model/runtime/remote/oip_address.ts";
import { probeServer, serverText } from "../model/runtime/remote/probe_server.ts";
import type { Finding } from "../core/finding.ts";
import { examineInstalled, examineRequirements } from "./examine_runtimes.ts";
import { probePorts } from "./port_probe.ts";
import { type Preflight, preflight } from "./preflight.ts";
import type { TriedSink } from "./sink_preflight.ts";

/**
 * Looks at GStreamer, devices, ONNX Runtime, models and sinks; with a pipeline file, also at what that file needs.
 *
 * @throws {ConfigError} when the file breaks the schema.
 */
export async function examine(
  file: string | undefined,
  overrides: readonly Override[],
  sources: SourceChecks,
): Promise<Finding[]> {
  const found: Partial<Preflight> = {};
  const findings: Finding[] = [];
  if (file !== undefined) {
    const reading = await readPipeline(file, overrides);
    if (reading.config === undefined) throw new ConfigError(reading.faults);
    const report = await preflight(reading, sources);
    Object.assign(found, report.found);
    const area = `Pipeline ${file}`;
    for (const { line, column, message, file } of report.faults) {
      const name = line === undefined ? file : `${file}:${line}:${column}`;
      findings.push({ area, name, status: "missing", needed: true, detail: message });
    }
    if (report.faults.length === 0) {
      const detail = "valid; its model and files were found";
      findings.push({ area, name: found.config!.name, status: "ok", needed: true, detail });
    }
  }
  findings.push(
    ...await examineSources(found, sources),
    ...await examineRuntime(found),
    ...await examineServer(found),
    ...await examineModels(found.model),
    ...await examineSinks(found),
    ...examineRecording(found),
    ...found.config ? probePorts(found.config) : [],
  );
  return findings;
}

async function examineSources(
  { config, document, plan }: Partial<Preflight>,
  sources: SourceChecks,
): Promise<Finding[]> {
  if (config === undefined || document === undefined) return await sources.examine();
  const { folder } = document;
  return await sources.examine({ source: config.source, folder, elements: plan?.elements });
}

async function examineRuntime(found: Partial<Preflight>): Promise<Finding[]> {
  const { config, document } = found;
  const area = "ONNX Runtime";
  let library: LibraryProbe;
  try {
    library = found.library ??
      await probeProviders(localRuntime(config?.runtime), document?.folder ?? ".");
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    const name = "libonnxruntime";
    return [{ area, name, status: "missing", needed: true, detail: error.message }];
  }
  const detail = `${library.version}, ${library.library}`;
  const wanted = config?.runtime.providers ?? [];
  const mayFallBack = wanted.includes(PROVIDERS.fallback.name);
  const isNeeded = (provider: string) => wanted.includes(provider) && !mayFallBack;
  return [
    { area, name: "library", status: "ok", needed: true, detail },
    ...library.providers.map(({ provider, reason }): Finding => ({
      area,
      name: provider,
      status: reason === undefined ? "ok" : "missing",
      needed: isNeeded(provider),
      detail: reason ?? "",
    })),
    ...examineRequirements(area, library.library, isNeeded),
    ...examineInstalled(library.library),
  ];
}

/** What runs on this machine: all of the runtime block, or what a server leaves. */
function localRuntime(config: RuntimeConfig = runtimeSchema.parse({})): RuntimeConfig {
  return isRemote(config.library)
    ? { ...config, library: "auto", providers: [PROVIDERS.fallback.name] }
    : config;
}

/** The inference server that runs the encoders, if the file names one. */
async function examineServer({ config, model, server }: Partial<Preflight>): Promise<Finding[]> {
  if (config === undefined || model === undefined || !isRemote(config.runtime.library)) return [];
  const finding = { area: "Inference server", name: config.runtime.library, needed: true } as const;
  try {
    const probe = server ?? await probeServer(config.runtime.library, model.manifest);
    return [{ ...finding, status: "ok", detail: serverText(probe) }];
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return [{ ...finding, status: "missing", detail: error.message }];
  }
}

async function examineModels(used: ModelFolder | undefined): Promise<Finding[]> {
  const area = "Models";
  const folders = used ? [used] : [];
  const findings: Finding[] = [];
  for (const name of await listModels()) {
    try {
      const folder = await findModel(name, ".");
      if (folder.path !== used?.path) folders.push(folder);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      findings.push({ area, name, status: "missing", needed: false, detail: error.message });
    }
  }
  for (const { path, manifest } of folders) {
    const name = `${manifest.name}@${manifest.version}`;
    findings.unshift({ area, name, status: "ok", needed: path === used?.path, detail: path });
  }
  if (findings.length > 0) return findings;
  return [{ area, name: "models", status: "missing", needed: true, detail: "none in models/" }];
}

async function examineSinks({ config, document, sinks }: Partial<Preflight>): Promise<Finding[]> {
  const tried = sinks ?? await tryUsualSinks(config, document);
  return tried.map(({ descriptor, config: sink, status, detail }) => ({
    area: descriptor.area,
    name: descriptor.target(sink),
    status: status === "ok" ? "ok" : "missing",
    needed: config !== undefined,
    detail,
  }));
}

function examineRecording({ recording }: Partial<Preflight>): Finding[] {
  if (recording === undefined) return [];
  const { folder: name, status, detail } = recording;
  return [{
    area: "Recordings",
    name,
    status: status === "ok" ? "ok" : "missing",
    needed: true,
    detail,
  }];
}

/** The sinks of a file with other faults; without a file, those that a pipeline uses by default. */
async function tryUsualSinks(
  config: Preflight["config"] | undefined,
  document: Preflight["document"] | undefined,
): Promise<TriedSink[]> {
  if (config !== undefined && document !== undefined) return [];
  return await Promise.all(
    usedSinks(publishSchema.parse(undefined)).map(async ({ descriptor, config }) => ({
      descriptor,
      config,
      ...await descriptor.probe(config, { folder: "." }),
    })),
  );
}
