import { CaptureError } from "../../capture/capture_error.ts";
import { ConfigError } from "../../config/fault.ts";
import type { Override } from "../../config/override.ts";
import { sourceChecks } from "../../pipeline/compose.ts";
import { nameFaults, readPipeline } from "../../pipeline/load.ts";
import { stateFolder } from "../../core/state_folder.ts";
import { probePorts } from "../../pipeline/port_probe.ts";
import { reachOf } from "../../pipeline/reach.ts";
import { filterOf, filterText } from "../../publish/event_filter.ts";
import { PublishError } from "../../publish/publish_error.ts";
import { permissionFlags } from "../run/permissions.ts";
import { maskSecrets } from "../../core/secrets.ts";
import { type Preflight, preflight } from "../../pipeline/preflight.ts";
import { serverText } from "../../model/runtime/remote/probe_server.ts";
import { placementLines } from "../model/placement_text.ts";
import { listed, section } from "../text.ts";
import { findPlacement, type PlacementSource } from "./find_placement.ts";
import { pipelineText } from "./pipeline_text.ts";

/**
 * Checks pipeline files against their schema and this machine's files.
 *
 * @param placement whether to measure what runs where, or to show what an earlier build found out.
 * @returns what would run, for people; secrets masked.
 * @throws {ConfigError} with every fault of every file.
 */
export async function checkFiles(
  files: readonly string[],
  overrides: readonly Override[],
  placement: PlacementSource,
): Promise<string> {
  const readings = await Promise.all(files.map((file) => readPipeline(file, overrides)));
  const reports = await Promise.all(readings.map((reading) => preflight(reading, sourceChecks())));
  const faults = [...reports.flatMap((report) => report.faults), ...nameFaults(readings)];
  if (faults.length > 0) throw new ConfigError(faults);
  const texts: string[] = [];
  // One after the other: measurements would disturb each other.
  for (const { found } of reports) texts.push(await describe(found as Preflight, placement));
  return maskSecrets(texts.join("\n"));
}

async function describe(flight: Preflight, placement: PlacementSource): Promise<string> {
  const { document, config, model, plan } = flight;
  const { name, version, image, audio, heads } = model.manifest;
  return [
    `${document.file}: ok\n`,
    section("pipeline", pipelineText(config)),
    section("capture", plan.shown),
    section(
      "model",
      [
        `${name}@${version} in ${model.path}`,
        `image ${image.width}×${image.height}, audio ${audio.sample_rate} Hz, ` +
        `heads ${listed(heads.map((head) => head.kind))}`,
      ].join("\n"),
    ),
    section("runtime", runtimeText(flight)),
    ...await placementText(flight, placement),
    section("events", eventsText(flight)),
    ...recordingText(flight),
    ...portsText(flight),
    section("permissions", await permissionsText(flight)),
  ].join("\n");
}

/** A line per part of the model; nothing if it is not known what runs where. */
async function placementText(flight: Preflight, source: PlacementSource): Promise<string[]> {
  const record = await findPlacement(flight, source);
  if (record === undefined) return [];
  const title = source === "measured" ? "placement" : `placement, measured ${record.at}`;
  return [section(title, placementLines(record))];
}

function recordingText({ recording }: Preflight): string[] {
  if (recording === undefined) return [];
  return [section("recordings", `${recording.folder}: ${recording.detail}`)];
}

/** What would be served where. Another process, or this pipeline itself if it runs, may use the port now. */
function portsText({ config }: Preflight): string[] {
  const ports = probePorts(config);
  if (ports.length === 0) return [];
  return [section("ports", ports.map(({ name, detail }) => `${name}: ${detail}`).join("\n"))];
}

/** The permissions of `run --least-permissions`. */
async function permissionsText({ document, config }: Preflight): Promise<string> {
  try {
    const reach = await reachOf({ ...document, config });
    return permissionFlags([reach, { write: [stateFolder()] }]).join("\n");
  } catch (error) {
    if (!(error instanceof PublishError || error instanceof CaptureError)) throw error;
    return `all: ${error.message}`;
  }
}

function runtimeText({ config, library, offer, server }: Preflight): string {
  const unused = offer.refused.map(({ provider, reason }) => `${provider}: unavailable, ${reason}`);
  return [
    `ONNX Runtime ${library.version}, ${library.library}`,
    `runs on ${listed(offer.providers.map(({ name }) => name), "then")}, ` +
    `${config.runtime.threads} threads`,
    ...unused,
    ...server ? [`encoders on ${server.url}: ${serverText(server)}`] : [],
  ].join("\n");
}

function eventsText({ sinks, config, document }: Preflight): string {
  const context = { pipeline: config.name, folder: document.folder };
  return sinks.map(({ descriptor, config, status, detail }) => {
    const filter = filterOf(config);
    const described = descriptor.describe(config, context);
    const text = filter === undefined ? described : `${described}; ${filterText(filter)}`;
    return status === "unavailable" ? `${text}; unavailable now: ${detail}` : text;
  }).join("\n");
}
