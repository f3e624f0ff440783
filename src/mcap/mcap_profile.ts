import type { TelemetryMessage, Topic } from "../telemetry/topics.ts";

/** One channel of a file. */
export interface McapChannel {
  readonly topic: string;
  readonly schemaName: string;
  readonly schema: string;
  /** MCAP's well-known names of encodings. */
  readonly schemaEncoding: string;
  readonly messageEncoding: string;
}

/** One message of a channel. */
export interface McapMessage {
  /** Key of the channel. */
  readonly channel: string;
  /** Capture time, epoch ns. */
  readonly epochNs: bigint;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Makes messages from what a pipeline tells. */
export interface McapEncoder {
  encode(told: TelemetryMessage): McapMessage[];
}

/** What files contain, and how it is encoded. */
export interface McapProfile {
  /** The profile in the file's header. */
  readonly header: string;
  /** Telemetry that the channels are made from. */
  readonly topics: readonly Topic[];
  /** Channels whose newest message a file needs to be understood on its own. */
  readonly lasting: readonly string[];
  channels(pipeline: string): Readonly<Record<string, McapChannel>>;
  encoder(pipeline: string): McapEncoder;
}
