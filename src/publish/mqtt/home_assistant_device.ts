import { HEAD_KINDS, type HeadKind } from "../../core/head_kind.ts";
import {
  type AnnouncedPipeline,
  discoveryFilter,
  discoveryPayload,
  discoveryTopic,
  type Entity,
  kindEntities,
  nodeOf,
  pipelineEntities,
  zoneEntity,
} from "./home_assistant_entities.ts";

/** What a device works with. */
export interface HomeAssistantDeviceOptions extends AnnouncedPipeline {
  /** First part of the topics that Home Assistant listens to. */
  readonly discoveryPrefix: string;
  /** Publishes a retained message; an empty payload removes it. */
  readonly retain: (topic: string, payload: string) => void;
}

/**
 * One pipeline as a device of Home Assistant: publishes a discovery message per entity, and removes those that an earlier
 * configuration of the pipeline has left on the broker.
 */
export class HomeAssistantDevice {
  /** Matches all discovery messages of this pipeline; what arrives goes to {@linkcode found}. */
  readonly filter: string;
  readonly #options: HomeAssistantDeviceOptions;
  readonly #kinds = new Set<HeadKind>();
  readonly #announced = new Set<string>();
  /** Topics of discovery messages on the broker that are not ours, until it is known which are. */
  readonly #strangers = new Set<string>();
  #zones: readonly string[] = [];
  /** Whether the kinds of the model are known. */
  #complete = false;

  constructor(options: HomeAssistantDeviceOptions) {
    this.#options = options;
    this.filter = discoveryFilter(options.discoveryPrefix, nodeOf(options));
  }

  /** Announces what each pipeline has. */
  open(): void {
    for (const entity of pipelineEntities(this.#options)) this.#announce(entity);
  }

  /** Announces what depends on a kind that the model finds. */
  addKind(kind: HeadKind): void {
    if (this.#kinds.has(kind)) return;
    this.#kinds.add(kind);
    for (const entity of kindEntities(this.#options, kind)) this.#announce(entity);
    for (const zone of this.#zones) this.#announce(zoneEntity(this.#options, kind, zone));
  }

  /** Announces zones, and removes those that are gone. */
  setZones(zones: readonly string[]): void {
    const gone = this.#zones.filter((zone) => !zones.includes(zone));
    const added = zones.filter((zone) => !this.#zones.includes(zone));
    this.#zones = zones;
    for (const kind of HEAD_KINDS.filter((kind) => this.#kinds.has(kind))) {
      for (const zone of gone) this.#remove(this.#topic(zoneEntity(this.#options, kind, zone)));
      for (const zone of added) this.#announce(zoneEntity(this.#options, kind, zone));
    }
  }

  /** All kinds are announced: what else is on the broker is out of date. */
  complete(): void {
    this.#complete = true;
    for (const topic of this.#strangers) this.found(topic, true);
    this.#strangers.clear();
  }

  /** Takes note of a discovery message of this pipeline on the broker. */
  found(topic: string, hasPayload: boolean): void {
    if (!hasPayload || this.#announced.has(topic)) return;
    if (this.#complete) this.#remove(topic);
    else this.#strangers.add(topic);
  }

  #topic(entity: Entity): string {
    return discoveryTopic(this.#options.discoveryPrefix, nodeOf(this.#options), entity);
  }

  #announce(entity: Entity): void {
    const topic = this.#topic(entity);
    this.#announced.add(topic);
    this.#options.retain(topic, discoveryPayload(this.#options, entity));
  }

  #remove(topic: string): void {
    this.#announced.delete(topic);
    this.#options.retain(topic, "");
  }
}
