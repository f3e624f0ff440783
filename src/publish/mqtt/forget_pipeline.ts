import { PublishError } from "../publish_error.ts";
import type { SinkContext } from "../sink_descriptor.ts";
import { locateCredentials, readCredentials } from "./credentials.ts";
import { describeFault, shownUrl } from "./mqtt_fault.ts";
import { discoveryFilter, nodeOf } from "./home_assistant_entities.ts";
import { randomClientId } from "./mqtt_link.ts";
import type { MqttConfig } from "./mqtt_schema.ts";
import { MqttSession } from "./mqtt_session.ts";
import { pipelineTopics, topicMatches } from "./topics.ts";

/** Longest wait for the connection and for what the broker keeps, ms. */
const PATIENCE_MS = 10_000;

/**
 * Removes what a broker keeps of a pipeline: its state and activity, and its device in Home Assistant.
 *
 * @returns the topics whose retained messages were removed.
 * @throws {PublishError} in one line, if the broker is unavailable or refuses.
 */
export async function forgetPipeline(
  config: MqttConfig,
  { pipeline, folder }: Pick<SinkContext, "pipeline" | "folder">,
): Promise<string[]> {
  const { url, prefix, discovery_prefix: discoveryPrefix } = config;
  if (url.startsWith("embedded:")) return [];
  const { event, probe } = pipelineTopics(prefix, pipeline);
  const filters = [
    event.replace(/event$/, "#"),
    discoveryFilter(discoveryPrefix, nodeOf({ prefix, pipeline })),
  ];
  const kept = new Set<string>();
  const all = Promise.withResolvers<void>();
  const signal = AbortSignal.timeout(PATIENCE_MS);
  signal.addEventListener("abort", () => all.reject(signal.reason));
  all.promise.catch(() => {});
  let session: MqttSession | undefined;
  try {
    session = await MqttSession.open({
      url,
      clientId: randomClientId("forget"),
      credentials: await readCredentials(locateCredentials(config, folder)),
      onMessage(topic, payload, retained) {
        if (topic === probe) all.resolve();
        else if (
          retained && payload.length > 0 && filters.some((filter) => topicMatches(filter, topic))
        ) {
          kept.add(topic);
        }
      },
      signal,
    });
    // Retained messages come in the order of the subscriptions, and before what is published after them.
    for (const filter of filters.toReversed()) await session.subscribe(filter);
    await session.publish(probe, "", { qos: 1 });
    await all.promise;
    for (const topic of kept) await session.publish(topic, "", { qos: 1, retain: true });
    return [...kept].toSorted();
  } catch (error) {
    const timedOut = error instanceof DOMException && error.name === "TimeoutError";
    const reason = timedOut ? "no answer" : describeFault(error);
    throw new PublishError(
      `Cannot remove the messages of ${pipeline} from ${shownUrl(url)}: ${reason}`,
      ["mqtt"],
    );
  } finally {
    await session?.close();
  }
}
