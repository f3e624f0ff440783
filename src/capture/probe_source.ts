import { CaptureError } from "./capture_error.ts";
import { inspectElements } from "./inspect.ts";
import { type CapturePlan, planCapture } from "./plan.ts";
import { SOURCE_KEYS, type SourceDescriptor } from "./source.ts";
import { readAddress } from "./source_address.ts";
import type { SourceConfig } from "./source_schema.ts";
import { SOURCES } from "./sources.ts";
import { tryCapture } from "./try_capture.ts";
import type { Finding } from "../core/finding.ts";
import { maskSecrets } from "../core/secrets.ts";

const AREA = "Source";
const FORMAT = { width: 224, height: 224, sampleRate: 16000 };

/** Checks the devices, hosts and files of a source and, if they are present, that video and audio arrive. */
export async function probeSource(
  source: SourceConfig,
  folder: string,
  sources: readonly SourceDescriptor[] = SOURCES,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const key of SOURCE_KEYS) {
    const text = source[key];
    if (text === undefined) continue;
    const probe = await readAddress(text, key, folder, sources).probe();
    const name = key === "graph" ? "source.graph" : maskSecrets(text);
    findings.push({ area: AREA, name, needed: true, ...probe });
  }
  const plan = planOf(source, folder, sources);
  if (plan === undefined || findings.some(({ status }) => status === "missing")) return findings;
  if (!await installed(plan)) return findings;
  return [...findings, {
    area: AREA,
    name: "video and audio",
    needed: true,
    ...await tryCapture(plan),
  }];
}

/** The plan; undefined if it has a fault, which the pipeline's findings report. */
function planOf(
  source: SourceConfig,
  folder: string,
  sources: readonly SourceDescriptor[],
): CapturePlan | undefined {
  try {
    return planCapture(source, { ...FORMAT, folder, sources });
  } catch (error) {
    if (error instanceof CaptureError) return undefined;
    throw error;
  }
}

/** Whether all elements are installed; the findings on GStreamer report those that are not. */
async function installed({ elements }: CapturePlan): Promise<boolean> {
  const findings = await inspectElements(elements).catch(() => undefined);
  return findings?.every(({ found }) => found) ?? false;
}
