import type { HeadKind } from "../../core/head_kind.ts";

/** All topics of one pipeline. */
export function pipelineTopics(prefix: string, pipeline: string) {
  const base = `${prefix}/${pipeline}`;
  return {
    /** `online` or `offline`, retained; also the MQTT will of the pipeline's connection. */
    available: `${base}/available`,
    event: `${base}/event`,
    state: `${base}/state`,
    stats: `${base}/stats`,
    set: `${base}/set`,
    active: (kind: HeadKind) => `${base}/${kind}`,
    /** JPEG of the newest event of a kind. */
    picture: (kind: HeadKind) => `${base}/picture/${kind}`,
    /** JSON that describes the picture. */
    pictureInfo: (kind: HeadKind) => `${base}/picture/${kind}/info`,
    /** Empty messages with which `check` and `doctor` try whether publishing is allowed. */
    probe: `${base}/probe`,
  } as const;
}

/** The filter that matches the events of all pipelines under a prefix. */
export const everyEventFilter = (prefix: string) => pipelineTopics(prefix, "+").event;

/** Whether a topic falls under a filter with `+` and `#` (MQTT 5.0 § 4.7). */
export function topicMatches(filter: string, topic: string): boolean {
  const wanted = filter.split("/");
  const given = topic.split("/");
  // Wildcards do not match topics that begin with $ (§ 4.7.2).
  if (topic.startsWith("$") && !filter.startsWith("$")) return false;
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === "#") return true;
    if (i >= given.length || (wanted[i] !== "+" && wanted[i] !== given[i])) return false;
  }
  return wanted.length === given.length;
}
