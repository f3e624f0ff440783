import { z } from "zod";
import { headKindSchema } from "../core/head_kind.ts";
import type { WhenceEvent } from "../events/event.ts";

const names = z.array(z.string().min(1)).min(1);

/** Keys that every sink takes besides its own: which events it publishes. */
export const filterSchema = z.strictObject({
  kinds: z.array(headKindSchema).min(1).optional().describe(
    "Publish only events of these kinds. Default: all",
  ),
  zones: names.optional().describe(
    "Publish only events whose peak was in one of these zones of `detect.zones`. Default: all",
  ),
  labels: names.optional().describe(
    "Publish only events that got one of these labels. Default: all",
  ),
  min_score: z.number().min(0).max(1).optional().describe(
    "Publish an event only once its score reaches this. Default: 0",
  ),
});
/** Which events a sink publishes; an absent key lets all pass. */
export type EventFilter = z.infer<typeof filterSchema>;

const KEYS = Object.keys(filterSchema.shape) as (keyof EventFilter)[];

/** The filter in a sink's configuration; undefined if it lets everything pass. */
export function filterOf(config: unknown): EventFilter | undefined {
  if (typeof config !== "object" || config === null) return undefined;
  const given = config as EventFilter;
  const used = KEYS.filter((key) => given[key] !== undefined);
  return used.length === 0 ? undefined : Object.fromEntries(used.map((key) => [key, given[key]]));
}

/** Whether one message of an event meets all conditions of a filter. */
export function meets(
  { kinds, zones, labels, min_score }: EventFilter,
  event: Pick<WhenceEvent, "kind" | "zones" | "labels" | "score">,
): boolean {
  return (kinds?.includes(event.kind) ?? true) &&
    (zones === undefined || event.zones.some((zone) => zones.includes(zone))) &&
    (labels === undefined || event.labels.some(({ name }) => labels.includes(name))) &&
    event.score >= (min_score ?? 0);
}

/** A filter in words, such as `only speech, in sofa, score 0.8 or more`. */
export function filterText({ kinds, zones, labels, min_score }: EventFilter): string {
  return [
    ...kinds ? [kinds.join(" and ")] : [],
    ...zones ? [`in ${zones.join(" or ")}`] : [],
    ...labels ? [`labeled ${labels.join(" or ")}`] : [],
    ...min_score === undefined ? [] : [`score ${min_score} or more`],
  ].join(", ").replace(/^/, "only ");
}
