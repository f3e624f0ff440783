import { hostText } from "../../core/listen_address.ts";
import { embeddedAddress, ownAddress } from "./embedded_address.ts";

const PORTS: Readonly<Record<string, number>> = {
  "mqtt:": 1883,
  "mqtts:": 8883,
  "ws:": 80,
  "wss:": 443,
};

/**
 * The address of a broker's URL. For an embedded broker, the loopback interface with all ports, or the address that it listens
 * on and the one at which this process reaches it.
 */
export function brokerAddresses(url: string): string[] {
  const embedded = embeddedAddress(url);
  if (embedded !== undefined) {
    if (embedded.hostname === "127.0.0.1") return ["127.0.0.1"];
    return [...new Set([embedded, ownAddress(embedded)].map(hostText))];
  }
  const { protocol, hostname, port } = new URL(url);
  return [`${hostname}:${port || PORTS[protocol]}`];
}
