import { z } from "zod";
import { forEachKind, HEAD_KINDS } from "../core/head_kind.ts";
import { durationSchema, levelSchema } from "../config/units.ts";
import type { YamlEdit } from "../config/edit_yaml.ts";
import type { PipelineConfig } from "./schema.ts";

type Detect = PipelineConfig["detect"];

const unit = z.number().min(0).max(1);
const seconds = z.number().min(0).max(3600);
const kindChange = z.strictObject({
  on: unit,
  off: unit,
  min_duration: seconds,
  merge_gap: seconds,
}).partial();
const zoneName = z.string().max(64).regex(/^[A-Za-z0-9_-]+$/, "must be letters, digits, _ and -");
const polygon = z.array(z.tuple([unit, unit])).min(3, "must have at least 3 corners").max(100);

/**
 * A change of detection settings: seconds, dBFS, the zones that differ. A page may not know yet what its last change, or another
 * page's, has made: what is not named stays. A zone that is null is removed.
 */
const changeSchema = z.strictObject({
  ...forEachKind(() => kindChange),
  gate: z.number().min(-200).max(0),
  region: z.strictObject({ level: unit }),
  zones: z.record(zoneName, polygon.nullable()),
}).partial();

/**
 * Detection settings with a change applied.
 *
 * @param change what a page sent.
 * @returns one line if the change is not valid.
 */
export function changedDetect(detect: Detect, change: unknown): Detect | string {
  const parsed = changeSchema.safeParse(change);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const { path } = issue;
    const { message } = issue.code === "invalid_key" ? issue.issues[0] : issue;
    return `Cannot change ${["detect", ...path].join(".")}: ${message}`;
  }
  const { gate, region, zones, ...kinds } = parsed.data;
  const changed = {
    ...detect,
    ...forEachKind((kind) => ({ ...detect[kind], ...kinds[kind] })),
    gate: gate ?? detect.gate,
    region: { ...detect.region, ...region },
    zones: changedZones(detect.zones, zones),
  };
  for (const kind of HEAD_KINDS) {
    const { on, off } = changed[kind];
    if (off > on) {
      return `Cannot change detect.${kind}.off: it must not be above on (${on}), got ${off}`;
    }
  }
  return changed;
}

function changedZones(
  zones: Detect["zones"],
  changes: Readonly<Record<string, [number, number][] | null>> = {},
): Detect["zones"] {
  return Object.fromEntries(
    Object.entries({ ...zones, ...changes }).flatMap(([name, points]) =>
      points === null ? [] : [[name, points]]
    ),
  );
}

/** The keys of a pipeline file that differ between two settings, with their values as they are written. */
export function detectEdits(from: Detect, to: Detect): YamlEdit[] {
  const edits: YamlEdit[] = [];
  const edit = (path: readonly string[], before: unknown, after: unknown, written: unknown) => {
    if (before !== after) edits.push({ path: ["detect", ...path], value: written });
  };
  for (const kind of HEAD_KINDS) {
    for (const key of ["on", "off"] as const) {
      edit([kind, key], from[kind][key], to[kind][key], rounded(to[kind][key], 3));
    }
    for (const key of ["min_duration", "merge_gap"] as const) {
      edit([kind, key], from[kind][key], to[kind][key], durationSchema.encode(to[kind][key]));
    }
  }
  edit(["gate"], from.gate, to.gate, levelSchema.encode(to.gate));
  edit(["region", "level"], from.region.level, to.region.level, rounded(to.region.level, 3));
  for (const name of Object.keys(from.zones)) {
    if (!(name in to.zones)) edits.push({ path: ["detect", "zones", name], value: undefined });
  }
  for (const [name, points] of Object.entries(to.zones)) {
    const corners = points.map((point) => point.map((value) => rounded(value, 3)));
    edit(
      ["zones", name],
      JSON.stringify(from.zones[name]),
      JSON.stringify(points),
      corners,
    );
  }
  return edits;
}

function rounded(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
