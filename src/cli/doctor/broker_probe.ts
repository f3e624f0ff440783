import type { MqttConfig } from "../../publish/mqtt/mqtt_schema.ts";
import { locateCredentials, readCredentials } from "../../publish/mqtt/credentials.ts";
import { describeFault } from "../../publish/mqtt/mqtt_fault.ts";
import { randomClientId } from "../../publish/mqtt/mqtt_link.ts";
import { MqttSession } from "../../publish/mqtt/mqtt_session.ts";
import type { Finding } from "../../core/finding.ts";

const PATIENCE_MS = 5_000;

/** Connects to a broker as a pipeline would, under a client id of its own, and disconnects. */
export async function probeBroker(
  mqtt: MqttConfig,
  folder: string,
  needed: boolean,
): Promise<Finding> {
  const finding = { area: "Broker", name: mqtt.url, needed };
  if (mqtt.url.startsWith("embedded:")) {
    return { ...finding, status: "ok", detail: "starts with the pipeline" };
  }
  try {
    const session = await MqttSession.open({
      url: mqtt.url,
      clientId: randomClientId("doctor"),
      credentials: await readCredentials(locateCredentials(mqtt, folder)),
      onMessage: () => {},
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const version = session.protocolVersion === 5 ? "5.0" : "3.1.1";
    await session.close();
    return { ...finding, status: "ok", detail: `answers, MQTT ${version}` };
  } catch (error) {
    const timedOut = error instanceof DOMException && error.name === "TimeoutError";
    return {
      ...finding,
      status: "missing",
      detail: timedOut ? "no answer" : describeFault(error),
    };
  }
}
