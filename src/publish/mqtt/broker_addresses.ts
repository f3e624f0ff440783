const PORTS: Readonly<Record<string, number>> = {
  "mqtt:": 1883,
  "mqtts:": 8883,
  "ws:": 80,
  "wss:": 443,
};

/** The address of a broker's URL; for an embedded broker, this machine's loopback interface with all ports. */
export function brokerAddresses(url: string): string[] {
  const { protocol, hostname, port } = new URL(url);
  if (protocol === "embedded:") return ["127.0.0.1"];
  return [`${hostname}:${port || PORTS[protocol]}`];
}
