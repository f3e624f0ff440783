/** The embedded broker where other machines can reach it: its login, its limit of clients, and what it listens on. */
import assert from "node:assert/strict";
import { createConnection } from "node:net";
import mqtt from "mqtt";
import { mqttSchema } from "../../../src/publish/mqtt/mqtt_schema.ts";
import { EmbeddedBroker } from "../../../src/publish/mqtt/embedded_broker.ts";
import { brokerAddresses } from "../../../src/publish/mqtt/broker_addresses.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free_port.ts";
import { MqttListener } from "../../support/mqtt_listener.ts";
import { keepLog, openSink } from "../../support/open_sink.ts";
import { sampleMessage } from "../../support/sample_message.ts";

const LOGIN = { username: "robot", password: "correct horse" } as const;
const TWICE = { reconnectPeriod: 0 } as const;

async function withPassword(
  work: (file: string) => Promise<void>,
  password: string = LOGIN.password,
) {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/password`;
  await Deno.writeTextFile(file, `${password}\n`);
  await work(file).finally(() => Deno.remove(folder, { recursive: true }));
}

const loopback = (port: number) => `mqtt://127.0.0.1:${port}`;

/** Addresses of this machine that are not its loopback interface's. */
const outside = () =>
  Deno.networkInterfaces().filter(({ family, address }) =>
    family === "IPv4" && !address.startsWith("127.")
  ).map(({ address }) => address);

Deno.test("an address that other machines reach needs a user name and a password", () => {
  const faults = (block: object) =>
    mqttSchema.safeParse(block).error?.issues.map(({ message }) => message) ?? [];
  const message = "must be embedded:[PORT] unless both username and password_file are set";
  for (const url of ["embedded:0.0.0.0", "embedded:0.0.0.0:1883", "embedded:[::]:1883"]) {
    assert.deepEqual(faults({ url }), [message]);
    assert.deepEqual(faults({ url, username: "robot" }), [message]);
    assert.deepEqual(faults({ url, username: "robot", password_file: "p" }), []);
  }
  for (const url of ["embedded:", "embedded:1883", "embedded:127.0.0.1:1883", "embedded:[::1]:1"]) {
    assert.deepEqual(faults({ url }), []);
  }
  for (const url of ["embedded:70000", "embedded:300.1.1.1:1", "embedded:a:b"]) {
    assert.equal(faults({ url }).length, 1, url);
  }
  assert.deepEqual(brokerAddresses("embedded:0.0.0.0:1883"), ["0.0.0.0:1883", "127.0.0.1:1883"]);
  assert.deepEqual(brokerAddresses("embedded:1883"), ["127.0.0.1"]);
});

Deno.test("unless told otherwise, only this machine reaches it", async () => {
  const port = freePort();
  const broker = await EmbeddedBroker.acquire(`embedded:${port}`);
  for (const hostname of outside()) {
    await assert.rejects(Deno.connect({ hostname, port }), hostname);
  }
  await using ear = await MqttListener.connect(loopback(port), "t");
  await ear.say("t", "here");
  await ear.until("t", "here");
  await broker.release();
});

Deno.test("a short password is refused at the start", () =>
  withPassword(async (passwordFile) => {
    const url = `embedded:0.0.0.0:${freePort()}`;
    await assert.rejects(EmbeddedBroker.acquire(url, { username: "robot", passwordFile }), {
      message:
        /^Cannot start the embedded broker on 0\.0\.0\.0:\d+: the password in \S+ must have at least 8 characters$/,
    });
    await assert.rejects(EmbeddedBroker.acquire(url), /username and password_file must be set$/);
  }, "short"));

Deno.test("clients need the login, and Whence publishes there without it", () =>
  withPassword(async (password_file) => {
    const { log, lines } = keepLog();
    const port = freePort();
    const block = { url: `embedded:0.0.0.0:${port}`, username: LOGIN.username, password_file };
    const sink = await openSink(block, { log });
    assert.equal(sink.url, loopback(port));
    await using ear = await MqttListener.connect(sink.url, "#", LOGIN);
    await ear.until("whence/front/available", "online");
    sink.event(sampleMessage());
    await eventually("the event", () => ear.on("whence/front/event").length === 1);
    const wrong = [
      {},
      { username: "robot" },
      { ...LOGIN, password: "wrong" },
      { ...LOGIN, username: "Robot" },
      { username: "whence-internal", password: "guess" },
    ];
    for (const login of wrong) {
      await assert.rejects(
        mqtt.connectAsync(sink.url, { ...login, ...TWICE }),
        /Connection refused/,
      );
    }
    // The file is read for each connection.
    await Deno.writeTextFile(password_file, "another horse\n");
    await assert.rejects(mqtt.connectAsync(sink.url, { ...LOGIN, ...TWICE }), /Connection refused/);
    const client = await mqtt.connectAsync(sink.url, { ...LOGIN, password: "another horse" });
    await client.endAsync();
    await sink.close();
    const warnings = lines.filter((line) => line.startsWith("warning"));
    assert.equal(
      warnings[0],
      "warning: Refused a client at 127.0.0.1: wrong user name or password",
    );
    assert.ok(!lines.some((line) => line.includes(LOGIN.password)));
  }));

Deno.test("no more clients than the limit; one that reconnects takes the place of its former connection", () =>
  withPassword(async (password_file) => {
    const { log, lines } = keepLog();
    const sink = await openSink({
      url: `embedded:0.0.0.0:${freePort()}`,
      username: LOGIN.username,
      password_file,
      max_clients: 2,
    }, { log });
    const connect = (clientId: string) =>
      mqtt.connectAsync(sink.url, { ...LOGIN, ...TWICE, clientId });
    const [a] = await Promise.all([connect("a"), connect("b")]);
    await assert.rejects(connect("c"), /Connection refused: Server unavailable/);
    const again = await connect("a");
    await eventually("the former connection has ended", () => !a.connected);
    await assert.rejects(connect("c"), /Connection refused: Server unavailable/);
    await again.endAsync();
    let third: mqtt.MqttClient | undefined;
    await eventually("there is room", async () => {
      third = await connect("c").catch(() => undefined);
      return third !== undefined;
    });
    // Whence's own connection does not count, and is still there.
    sink.event(sampleMessage());
    await eventually("the event", () => sink.counters().acknowledged === 1);
    await sink.close();
    assert.ok(
      lines.includes("warning: Refused a client at 127.0.0.1: max_clients (2) are connected"),
    );
  }));

Deno.test("other machines cannot open connections without end", () =>
  withPassword(async (passwordFile) => {
    const port = freePort();
    const access = { username: "robot", passwordFile, maxClients: 1 };
    const broker = await EmbeddedBroker.acquire(`embedded:0.0.0.0:${port}`, access);
    // An address that differs from the broker's, as that of another machine does.
    const sockets = Array.from(
      { length: 60 },
      () => createConnection({ host: "127.0.0.1", port, localAddress: "127.0.0.2" }),
    );
    let closed = 0;
    for (const socket of sockets) {
      socket.on("error", () => {});
      socket.once("close", () => closed++);
    }
    await eventually("those above the limit are closed", () => closed === 60 - 33);
    // Whence's own connection still gets through.
    const own = await mqtt.connectAsync(broker.url, { ...broker.login, ...TWICE });
    await own.endAsync();
    await broker.release();
    await eventually("all are closed", () => closed === 60);
  }));

Deno.test("two pipelines of a process with one port at different addresses: the error names both URLs", () =>
  withPassword(async (passwordFile) => {
    const port = freePort();
    const access = { username: "robot", passwordFile };
    const first = await EmbeddedBroker.acquire(`embedded:${port}`, access);
    await assert.rejects(EmbeddedBroker.acquire(`embedded:0.0.0.0:${port}`, access), {
      message:
        `Cannot start the embedded broker on 0.0.0.0:${port}: a pipeline of this process runs one on that port; ` +
        `publish.mqtt.url must be the same in both, got embedded:${port} and embedded:0.0.0.0:${port}`,
    });
    await first.release();
  }));

Deno.test("pipelines that share it must not set different logins", () =>
  withPassword(async (passwordFile) => {
    const url = `embedded:${freePort()}`;
    const open = await EmbeddedBroker.acquire(url);
    await assert.rejects(
      EmbeddedBroker.acquire(url, { username: "robot", passwordFile }),
      /^Error: Cannot share the embedded broker on 127\.0\.0\.1:\d+: username and password_file must be the same in all its pipelines$/,
    );
    await open.release();
    const closed = await EmbeddedBroker.acquire(url, { username: "robot", passwordFile });
    const same = await EmbeddedBroker.acquire(url, { username: "robot", passwordFile });
    assert.ok(same === closed);
    await assert.rejects(mqtt.connectAsync(closed.url, TWICE), /Connection refused/);
    await same.release();
    await closed.release();
  }));

Deno.test("mosquitto_sub gets events with the right password, and is refused with a wrong one", () =>
  withPassword(async (password_file) => {
    const port = freePort();
    const sink = await openSink({
      url: `embedded:0.0.0.0:${port}`,
      username: LOGIN.username,
      password_file,
    });
    const listen = async (password: string) => {
      const { code, stdout, stderr } = await new Deno.Command("mosquitto_sub", {
        args: [
          ...["-h", "127.0.0.1", "-p", String(port), "-u", LOGIN.username, "-P", password],
          ...["-t", "whence/front/available", "-C", "1", "-W", "60"],
        ],
      }).output();
      const [out, fault] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim());
      return { code, out, fault };
    };
    const right = await listen(LOGIN.password);
    assert.deepEqual(right, { code: 0, out: "online", fault: "" });
    const wrong = await listen("wrong");
    assert.notEqual(wrong.code, 0);
    assert.match(wrong.fault, /Connection Refused: bad user name or password|not authorised/i);
    await sink.close();
  }));
