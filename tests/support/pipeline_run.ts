import { composePipeline } from "../../src/pipeline/compose.ts";
import { pipelineSchema } from "../../src/pipeline/schema.ts";
import { decodeEvent } from "../../src/events/event_json.ts";
import type { WhenceEvent } from "../../src/events/event.ts";
import type { EnginePool } from "../../src/pipeline/engine_pool.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import type { Mosquitto } from "./mosquitto.ts";
import { MqttListener } from "./mqtt_listener.ts";

/** A pipeline that runs against a broker, with a client that receives everything it publishes. */
export interface PipelineRun extends AsyncDisposable {
  readonly pipeline: Pipeline;
  readonly listener: MqttListener;
  readonly log: string[];
  /** Settles when the pipeline has ended. */
  readonly ended: Promise<void>;
  stop(): void;
  events(): WhenceEvent[];
  states(): { state: string; reason: string | null }[];
}

/** Starts a pipeline on the shipped model; `config` is a pipeline file's content without name, model and broker. */
export async function runPipeline(
  broker: Mosquitto,
  config: Record<string, unknown>,
  folder: string,
  engines?: EnginePool,
): Promise<PipelineRun> {
  const listener = await MqttListener.connect(broker.url, "whence/#");
  const log: string[] = [];
  const controller = new AbortController();
  const pipeline = composePipeline(
    pipelineSchema.parse({
      name: "front",
      model: "denseav-mini",
      runtime: { providers: ["cpu"], threads: 1 },
      publish: { mqtt: { url: broker.url } },
      ...config,
    }),
    { folder, log: (_level, line) => void log.push(line), engines },
  );
  const ended = pipeline.run(controller.signal);
  ended.catch(() => {});
  return {
    pipeline,
    listener,
    log,
    ended,
    stop: () => controller.abort(),
    events: () => listener.on("whence/front/event").map(decodeEvent),
    states: () => listener.on("whence/front/state").map((text) => JSON.parse(text)),
    async [Symbol.asyncDispose]() {
      controller.abort();
      await ended.catch(() => {});
      await listener[Symbol.asyncDispose]();
    },
  };
}
