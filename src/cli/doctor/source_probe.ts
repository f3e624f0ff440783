import { maskSecrets } from "../../core/secrets.ts";
import type { Finding } from "../../core/finding.ts";
import { SOURCE_KEYS, type SourceDescriptor } from "../../capture/source.ts";
import { readAddress } from "../../capture/source_address.ts";
import type { SourceConfig } from "../../capture/source_schema.ts";
import { SOURCES } from "../../capture/sources.ts";

/** Looks whether the devices, hosts and files of a source are there. */
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
    findings.push({ area: "Source", name, needed: true, ...probe });
  }
  return findings;
}
