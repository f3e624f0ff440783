import assert from "node:assert/strict";
import { MqttSession } from "../../src/publish/mqtt/mqtt_session.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { withFiles } from "./pipeline_file.ts";

const CONFIG = new URL("../../config/", import.meta.url);
const PATH = ["/usr/sbin", "/usr/local/sbin", Deno.env.get("PATH")].join(":");

/** Runs a real Mosquitto with the shipped configuration; only its port and the places of its files are others. */
async function withBroker(use: (url: string, folder: string) => Promise<void>): Promise<void> {
  const port = freePort();
  const conf = await Deno.readTextFile(new URL("mosquitto.conf", CONFIG));
  const acl = await Deno.readTextFile(new URL("mosquitto.acl", CONFIG));
  await withFiles({ "whence.acl": acl, "whence.passwd": "" }, async (folder) => {
    for (const user of ["whence", "robot"]) {
      const { code } = await new Deno.Command("mosquitto_passwd", {
        args: ["-b", `${folder}/whence.passwd`, user, `${user}-secret`],
      }).output();
      assert.equal(code, 0);
    }
    const placed = conf.replaceAll("/etc/mosquitto/", `${folder}/`)
      .replace(/^listener 1883$/m, `listener ${port} 127.0.0.1`);
    assert.ok(placed.includes(`listener ${port}`));
    const root = Deno.uid() === 0 ? "user root\n" : "";
    await Deno.writeTextFile(`${folder}/mosquitto.conf`, root + placed);
    const broker = new Deno.Command("mosquitto", {
      args: ["-c", `${folder}/mosquitto.conf`],
      env: { PATH },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      await eventually("mosquitto answers", async () => {
        const session = await open(`mqtt://127.0.0.1:${port}`, "whence").catch(() => undefined);
        await session?.close();
        return session !== undefined;
      });
      await use(`mqtt://127.0.0.1:${port}`, folder);
    } finally {
      broker.kill("SIGTERM");
      await broker.status;
    }
  });
}

function open(url: string, user?: string, heard: string[] = []): Promise<MqttSession> {
  return MqttSession.open({
    url,
    clientId: `test-${user}-${crypto.randomUUID().slice(0, 8)}`,
    credentials: user === undefined ? {} : { username: user, password: `${user}-secret` },
    onMessage: (topic, payload) => heard.push(`${topic} ${new TextDecoder().decode(payload)}`),
    signal: AbortSignal.timeout(10_000),
  });
}

Deno.test("the shipped broker configuration lets pipelines speak and listeners listen", async () => {
  await withBroker(async (url) => {
    await assert.rejects(open(url));
    const heard: string[] = [];
    const commands: string[] = [];
    const robot = await open(url, "robot", heard);
    const whence = await open(url, "whence", commands);
    try {
      await robot.subscribe("whence/#");
      await whence.subscribe("whence/front/set");
      await robot.publish("whence/front/set", "off", { qos: 1 });
      await assert.rejects(
        robot.publish("whence/front/event", "forged", { qos: 1 }),
        /not authorized/i,
      );
      await whence.publish("whence/front/event", "true", { qos: 1 });
      await assert.rejects(whence.publish("elsewhere", "x", { qos: 1 }), /not authorized/i);
      await eventually("the event arrives", () => heard.includes("whence/front/event true"));
      await eventually("the command arrives", () => commands.includes("whence/front/set off"));
      assert.ok(!heard.some((line) => line.includes("forged")));
    } finally {
      await robot.close();
      await whence.close();
    }
  });
});
