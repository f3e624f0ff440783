import project from "../../../deno.json" with { type: "json" };
import type { HeadKind } from "../../core/head_kind.ts";
import { pipelineTopics } from "./topics.ts";

/** What Home Assistant is told about one pipeline. */
export interface AnnouncedPipeline {
  /** `publish.mqtt.prefix`. */
  readonly prefix: string;
  readonly pipeline: string;
  /** Whether pictures of events are published. */
  readonly pictures: boolean;
  /** Whether its events have bearings. */
  readonly bearings: boolean;
}

/** One entity of a pipeline's device. */
export interface Entity {
  /** Home Assistant's integration, such as `sensor`. */
  readonly component: string;
  /** Unique within the device. */
  readonly object: string;
  /** The rest of the discovery message. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Numbers from `stats` are unknown if none comes for this long, s; `stats` comes every 10 s. */
const EXPIRE_AFTER_S = 60;
const STATES = ["starting", "running", "reconnecting", "stopped", "failed"];
const DEGREES = 180 / Math.PI;

const sentence = (text: string) => text[0].toUpperCase() + text.slice(1);

/** The part of a discovery topic that names a pipeline: letters, digits, `_` and `-`. */
export function nodeOf({ prefix, pipeline }: Pick<AnnouncedPipeline, "prefix" | "pipeline">) {
  return `${prefix}_${pipeline}`.replace(/[^A-Za-z0-9_-]/g, "_");
}

/** Where the discovery message of an entity goes. */
export function discoveryTopic(discoveryPrefix: string, node: string, entity: Entity): string {
  return `${discoveryPrefix}/${entity.component}/${node}/${entity.object}/config`;
}

/** The filter that matches the discovery messages of one pipeline. */
export const discoveryFilter = (discoveryPrefix: string, node: string) =>
  `${discoveryPrefix}/+/${node}/+/config`;

/**
 * The payload of a discovery message.
 *
 * @see https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery
 */
export function discoveryPayload(announced: AnnouncedPipeline, entity: Entity): string {
  const node = nodeOf(announced);
  return JSON.stringify({
    unique_id: `${node}_${entity.object}`,
    ...entity.config,
    device: {
      identifiers: [node],
      name: `Whence ${announced.pipeline}`,
      manufacturer: "Whence",
      model: "Sound and word localization",
      sw_version: project.version,
    },
    origin: { name: "Whence", sw_version: project.version },
  });
}

/** Entities that each pipeline has. */
export function pipelineEntities({ prefix, pipeline }: AnnouncedPipeline): Entity[] {
  const { available, state, stats, set } = pipelineTopics(prefix, pipeline);
  const availability = { availability_topic: available };
  return [
    {
      component: "switch",
      object: "enabled",
      config: {
        ...availability,
        name: "Enabled",
        icon: "mdi:ear-hearing",
        state_topic: state,
        value_template: "{{ 'OFF' if value_json.state == 'stopped' else 'ON' }}",
        state_on: "ON",
        state_off: "OFF",
        command_topic: set,
        payload_on: '{"enabled": true}',
        payload_off: '{"enabled": false}',
      },
    },
    {
      component: "sensor",
      object: "state",
      config: {
        ...availability,
        name: "State",
        entity_category: "diagnostic",
        device_class: "enum",
        options: STATES,
        state_topic: state,
        value_template: "{{ value_json.state }}",
        json_attributes_topic: state,
      },
    },
    {
      component: "sensor",
      object: "latency",
      config: {
        ...availability,
        name: "Latency",
        entity_category: "diagnostic",
        device_class: "duration",
        unit_of_measurement: "ms",
        state_class: "measurement",
        state_topic: stats,
        value_template: "{{ value_json.latency_ms.p50 }}",
        expire_after: EXPIRE_AFTER_S,
      },
    },
  ];
}

/** Entities that a pipeline has for each kind that its model finds. */
export function kindEntities(announced: AnnouncedPipeline, kind: HeadKind): Entity[] {
  const { prefix, pipeline, pictures, bearings } = announced;
  const topics = pipelineTopics(prefix, pipeline);
  const running = whileRunning(prefix, pipeline);
  const entities: Entity[] = [
    {
      component: "binary_sensor",
      object: kind,
      config: {
        ...running,
        name: sentence(kind),
        device_class: "sound",
        state_topic: topics.active(kind),
      },
    },
    {
      component: "sensor",
      object: `${kind}_score`,
      config: {
        ...running,
        name: `${sentence(kind)} score`,
        unit_of_measurement: "%",
        state_class: "measurement",
        suggested_display_precision: 0,
        state_topic: topics.event,
        value_template: ofKind(kind, "{{ (value_json.current_score * 100) | round(1) }}"),
      },
    },
    {
      component: "sensor",
      object: `${kind}_label`,
      config: {
        ...running,
        name: `${sentence(kind)} label`,
        icon: "mdi:tag-outline",
        state_topic: topics.event,
        value_template: ofKind(
          kind,
          "{{ value_json.labels[0].name if value_json.labels else 'unknown' }}",
          KEPT_TEXT,
        ),
      },
    },
  ];
  if (bearings) {
    entities.push({
      component: "sensor",
      object: `${kind}_bearing`,
      config: {
        ...running,
        name: `${sentence(kind)} bearing`,
        icon: "mdi:compass-outline",
        unit_of_measurement: "°",
        suggested_display_precision: 0,
        state_topic: topics.event,
        value_template: ofKind(
          kind,
          "{% if value_json.bearing is defined %}" +
            `{{ (value_json.bearing.azimuth * ${DEGREES}) | round(1) }}{% endif %}`,
        ),
      },
    });
  }
  if (pictures) {
    entities.push({
      component: "image",
      object: `${kind}_picture`,
      config: {
        availability_topic: topics.available,
        name: `Last ${kind}`,
        content_type: "image/jpeg",
        image_topic: topics.picture(kind),
      },
    });
  }
  return entities;
}

/** The entity that says whether something of a kind is heard in a zone. */
export function zoneEntity(announced: AnnouncedPipeline, kind: HeadKind, zone: string): Entity {
  const { prefix, pipeline } = announced;
  const here = `value_json.type != 'end' and '${zone}' in value_json.zones`;
  return {
    component: "binary_sensor",
    object: `${kind}_zone_${zone}`,
    config: {
      ...whileRunning(prefix, pipeline),
      name: `${sentence(kind)} in ${zone}`,
      device_class: "sound",
      state_topic: pipelineTopics(prefix, pipeline).event,
      value_template: ofKind(kind, `{{ 'ON' if ${here} else 'OFF' }}`),
    },
  };
}

/** A template that leaves the state as it is for events of another kind. Sensors with numbers keep it if nothing comes. */
const ofKind = (kind: HeadKind, template: string, kept = "") =>
  `{% if value_json.kind == '${kind}' %}${template}{% else %}${kept}{% endif %}`;

/** The state that a sensor with text has now; it would show an empty text. */
const KEPT_TEXT = "{{ this.state if this.state != 'unavailable' else 'unknown' }}";

/** Available while the process is connected and the pipeline runs. */
function whileRunning(prefix: string, pipeline: string) {
  const { available, state } = pipelineTopics(prefix, pipeline);
  return {
    availability_mode: "all",
    availability: [
      { topic: available },
      {
        topic: state,
        value_template:
          "{{ 'online' if value_json is defined and value_json.state == 'running' else 'offline' }}",
      },
    ],
  };
}
