import type { ConfigPath } from "../config/yaml_text.ts";
import type { Labeler } from "../labels/labeler.ts";
import { filterOf } from "../publish/event_filter.ts";
import type { PipelineConfig } from "./schema.ts";

/** A label in a sink's filter that no event can get. */
export interface UnusedLabel {
  /** Key under `publish` of the sink. */
  readonly sink: string;
  readonly path: ConfigPath;
  /** One line that starts with the path. */
  readonly message: string;
}

/** The labels in the filters of sinks that no event can get; all of them without a labeler. */
export function unusedLabels(
  publish: PipelineConfig["publish"],
  labeler: Labeler | undefined,
): UnusedLabel[] {
  return Object.entries(publish).flatMap(([sink, config]) =>
    (filterOf(config)?.labels ?? []).flatMap((name, i) => {
      if (labeler?.knows(name)) return [];
      const path = ["publish", sink, "labels", i];
      const message = "must be a name that events can get (whence label list --all)";
      return [{ sink, path, message: `${path.join(".")} ${message}, got "${name}"` }];
    })
  );
}
