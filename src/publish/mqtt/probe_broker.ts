import { createServer } from "node:net";
import { listenFault } from "../../core/listen_address.ts";
import type { ProbeContext, SinkProbe } from "../sink_descriptor.ts";
import { locateCredentials, readCredentials } from "./credentials.ts";
import { embeddedAddress } from "./embedded_address.ts";
import { describeFault, isPermanent, MessageRefusedError } from "./mqtt_fault.ts";
import { randomClientId } from "./mqtt_link.ts";
import type { MqttConfig } from "./mqtt_schema.ts";
import { MqttSession } from "./mqtt_session.ts";
import { pipelineTopics } from "./topics.ts";

const PATIENCE_MS = 5_000;

/**
 * Connects to a broker as a pipeline would, under a client id of its own, publishes an empty message to `P/NAME/probe` if it
 * is for a pipeline, and disconnects.
 */
export async function probeBroker(
  config: MqttConfig,
  { folder, pipeline }: ProbeContext,
): Promise<SinkProbe> {
  if (config.url.startsWith("embedded:")) return await probeEmbedded(config.url);
  let session: MqttSession | undefined;
  try {
    session = await MqttSession.open({
      url: config.url,
      clientId: randomClientId("probe"),
      credentials: await readCredentials(locateCredentials(config, folder)),
      onMessage: () => {},
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (pipeline !== undefined) {
      const topic = pipelineTopics(config.prefix, pipeline).probe;
      await session.publish(topic, "", { qos: 1 });
    }
    const version = session.protocolVersion === 5 ? "5.0" : "3.1.1";
    return { status: "ok", detail: `connected, MQTT ${version}` };
  } catch (error) {
    if (error instanceof MessageRefusedError) {
      const detail = `it refuses messages under ${config.prefix}/${pipeline}: ${error.message}`;
      return { status: "broken", detail };
    }
    const timedOut = error instanceof DOMException && error.name === "TimeoutError";
    return {
      status: isPermanent(error) ? "broken" : "unavailable",
      detail: timedOut ? "no answer" : describeFault(error),
    };
  } finally {
    await session?.close();
  }
}

async function probeEmbedded(url: string): Promise<SinkProbe> {
  const { hostname, port, fixed } = embeddedAddress(url)!;
  if (!fixed) return { status: "ok", detail: "starts with the pipeline" };
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  server.once("error", (error) => resolve(listenFault(error)));
  server.listen(port, hostname, () => resolve(undefined));
  const fault = await promise;
  if (fault === undefined) {
    await new Promise<void>((done) => server.close(() => done()));
    return { status: "ok", detail: "starts with the pipeline" };
  }
  // It may be in use by the pipeline itself, if that is running.
  return { status: "unavailable", detail: fault };
}
