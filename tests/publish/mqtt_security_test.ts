import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { makeCertificates } from "../support/certificates.ts";
import { freePort } from "../support/free_port.ts";
import { Mosquitto } from "../support/mosquitto.ts";
import { MqttListener } from "../support/mqtt_listener.ts";
import { keepLog, openSink } from "../support/open_sink.ts";
import { sampleMessage } from "../support/sample_message.ts";

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "whence-tls-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Publishes one event; returns whether the broker took it and the first log line. */
async function publishOne(block: Record<string, unknown>): Promise<{ ok: boolean; said: string }> {
  const { log, lines } = keepLog();
  const sink = await openSink(block, { log, drainMs: 0 });
  sink.event(sampleMessage());
  await eventually(
    "an outcome",
    () => sink.counters().acknowledged > 0 || sink.counters().failures > 1,
  );
  const ok = sink.counters().acknowledged > 0;
  await sink.close();
  return { ok, said: lines[0] };
}

Deno.test("mutual TLS: the right certificates work, and every fault has its message", async (t) => {
  await withFolder(async (folder) => {
    const files = await makeCertificates(folder);
    const elsewhere = freePort();
    await using broker = await Mosquitto.start({
      listener: [
        `cafile ${files.ca}`,
        `certfile ${files.serverCert}`,
        `keyfile ${files.serverKey}`,
        "require_certificate true",
        `listener ${elsewhere} 127.0.0.1`,
        `certfile ${files.elsewhereCert}`,
        `keyfile ${files.elsewhereKey}`,
      ],
    });
    const url = `mqtts://127.0.0.1:${broker.port}`;
    const papers = { ca: files.ca, cert: files.clientCert, key: files.clientKey };
    await t.step("all papers", async () => {
      const { ok, said } = await publishOne({ url, ...papers });
      assert.ok(ok, said);
    });
    await t.step("no client certificate", async () => {
      const { ok, said } = await publishOne({ url, ca: files.ca });
      assert.ok(!ok);
      assert.match(
        said,
        /Cannot connect to mqtts:.* it requires a client certificate: set cert and key/,
      );
    });
    await t.step("no authority", async () => {
      const { ok, said } = await publishOne({ url, cert: papers.cert, key: papers.key });
      assert.ok(!ok);
      assert.match(said, /its certificate is from an unknown authority: set ca/);
    });
    await t.step("a host that the certificate is not for", async () => {
      const { ok, said } = await publishOne({ ...papers, url: `mqtts://127.0.0.1:${elsewhere}` });
      assert.ok(!ok);
      assert.match(said, /its certificate is for another host name/);
    });
    await t.step("a file that does not exist", async () => {
      await assert.rejects(
        publishOne({ url, ...papers, key: `${folder}/none.key` }),
        /key must be a readable file, got .*none\.key \(no such file\)/,
      );
    });
  });
});

Deno.test("user name and password are sent, and never logged", async () => {
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/password`, "s3cret\n");
    await Deno.writeTextFile(`${folder}/wrong`, "wr0ng\n");
    const made = await new Deno.Command("mosquitto_passwd", {
      args: ["-b", "-c", `${folder}/users`, "robot", "s3cret"],
    }).output();
    assert.ok(made.success);
    await using broker = await Mosquitto.start({
      anonymous: false,
      listener: [`password_file ${folder}/users`],
    });
    const login = { url: broker.url, username: "robot" };
    assert.ok((await publishOne({ ...login, password_file: `${folder}/password` })).ok);
    const { ok, said } = await publishOne({ ...login, password_file: `${folder}/wrong` });
    assert.ok(!ok);
    assert.match(said, /login refused: check username and password_file/);
    assert.ok(!/s3cret|wr0ng/.test(said));
  });
});

Deno.test("events go over websockets, with and without TLS", async (t) => {
  await withFolder(async (folder) => {
    const files = await makeCertificates(folder);
    const [plain, secure] = [freePort(), freePort()];
    // Mosquitto 2.0.11 does not start with websocket listeners only, hence three.
    await using broker = await Mosquitto.start({
      listener: [
        `listener ${plain} 127.0.0.1`,
        "protocol websockets",
        `listener ${secure} 127.0.0.1`,
        "protocol websockets",
        `cafile ${files.ca}`,
        `certfile ${files.serverCert}`,
        `keyfile ${files.serverKey}`,
      ],
    });
    await using ear = await MqttListener.connect(broker.url, "whence/front/event");
    await t.step("ws", async () => {
      const { ok, said } = await publishOne({ url: `ws://127.0.0.1:${plain}` });
      assert.ok(ok, said);
      await eventually("the event", () => ear.heard.length === 1);
    });
    await t.step("wss", async () => {
      const url = `wss://127.0.0.1:${secure}`;
      const trusted = await publishOne({ url, ca: files.ca });
      assert.ok(trusted.ok, trusted.said);
      await eventually("the event", () => ear.heard.length === 2);
      assert.ok(!(await publishOne({ url })).ok);
    });
  });
});

Deno.test("TLS below 1.2 is refused", async () => {
  await withFolder(async (folder) => {
    const files = await makeCertificates(folder);
    for (const [flag, version] of [["-tls1_1", "1.1"], ["-tls1_2", "1.2"], ["-tls1_3", "1.3"]]) {
      const port = freePort();
      const server = new Deno.Command("openssl", {
        args: [
          ...["s_server", "-accept", `127.0.0.1:${port}`, "-quiet", flag],
          ...["-cert", files.serverCert, "-key", files.serverKey, "-cipher", "DEFAULT@SECLEVEL=0"],
        ],
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const { log, lines } = keepLog();
      const url = `mqtts://127.0.0.1:${port}`;
      const sink = await openSink({ url, ca: files.ca }, { log, drainMs: 0 });
      const reader = server.stdout.getReader();
      // The server prints what it decrypts: CONNECT, if the handshake succeeds.
      let connected = false;
      void reader.read().then(({ value }) => connected = value !== undefined);
      await eventually("an outcome", () => connected || /ProtocolVersion/.test(lines.join()));
      assert.equal(connected, version !== "1.1", `TLS ${version}: ${lines.join("; ")}`);
      server.kill("SIGKILL");
      await server.status;
      await reader.cancel();
      await sink.close();
    }
  });
});
