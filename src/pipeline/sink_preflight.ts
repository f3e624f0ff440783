import type { ConfigFault } from "../config/fault.ts";
import type { ConfigDocument } from "../config/read.ts";
import { usedSinks } from "../publish/make_sinks.ts";
import type { AnySink, SinkProbe } from "../publish/sink_descriptor.ts";
import type { PipelineConfig } from "./schema.ts";

/** A sink of a pipeline file, and what trying it gave. */
export interface TriedSink extends SinkProbe {
  readonly descriptor: AnySink;
  readonly config: unknown;
}

/** Paths of the keys of a pipeline file that name files which sinks read. */
export function sinkFilePaths(sinks: readonly AnySink[]): string[][] {
  return sinks.flatMap(({ key, fileKeys }) => fileKeys.map((file) => ["publish", key, file]));
}

/** Tries every sink that a pipeline file uses; one that a user has to fix is a fault. */
export async function trySinks(
  document: ConfigDocument,
  { name, publish }: PipelineConfig,
  sinks: readonly AnySink[],
  faults: ConfigFault[],
): Promise<TriedSink[]> {
  return await Promise.all(
    usedSinks(publish, sinks).map(async ({ descriptor, config }) => {
      const context = { folder: document.folder, pipeline: name };
      const probe = await descriptor.probe(config, context);
      if (probe.status === "broken") {
        const target = descriptor.target(config);
        const detail = probe.detail.startsWith("Cannot ")
          ? probe.detail
          : `Cannot publish to ${target}: ${probe.detail}`;
        faults.push(document.fault(["publish", descriptor.key], detail));
      }
      return { descriptor, config, ...probe };
    }),
  );
}
