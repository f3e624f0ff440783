import { Socket } from "node:net";

const PATIENCE_MS = 1_000;

/** Whether a TCP port accepts connections now; the connection is closed at once. */
export function acceptsConnections(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new Socket();
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(PATIENCE_MS, () => settle(false));
    socket.on("error", () => settle(false));
    socket.connect(port, host, () => settle(true));
  });
}
