import assert from "node:assert/strict";
import { probeHost } from "../../src/capture/network.ts";
import { eventually } from "../support/eventually.ts";
import { firstLine } from "../support/first_line.ts";

/** A server whose queue is full: as with a host without power, connections are neither accepted nor refused. */
const FULL_SERVER = `
import socket, sys
server = socket.create_server(("127.0.0.1", 0), backlog=0)
waiting = [socket.socket() for _ in range(3)]
for one in waiting:
    one.setblocking(False)
    one.connect_ex(server.getsockname())
print(server.getsockname()[1], flush=True)
sys.stdin.read()
`;

/** Connections of this machine to a port that wait for an answer. */
function waiting(port: number): number {
  const target = `:${port.toString(16).toUpperCase().padStart(4, "0")} 02`;
  return Deno.readTextFileSync("/proc/net/tcp").split(target).length - 1;
}

Deno.test("a probe of a host that does not answer leaves no attempt to connect", async () => {
  const server = new Deno.Command("/usr/bin/python3", {
    args: ["-c", FULL_SERVER],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const port = Number(await firstLine(server.stdout, "the server did not start"));
  const others = waiting(port);
  const probe = probeHost(`rtsp://127.0.0.1:${port}/cam`, 554);
  await eventually("it connects", () => waiting(port) === others + 1);
  assert.deepEqual(await probe, {
    status: "missing",
    detail: `127.0.0.1:${port} does not answer`,
  });
  await eventually("it has given up", () => waiting(port) === others);
  await server.stdin.close();
  await server.status;
});
