import assert from "node:assert/strict";
import { join } from "node:path";
import { withFiles } from "../../config/pipeline_file.ts";
import { freePort } from "../../support/free_port.ts";
import { Mosquitto } from "../../support/mosquitto.ts";
import { MqttListener } from "../../support/mqtt_listener.ts";
import { whence } from "../whence.ts";

const pipeline = (publish: string) =>
  `source: { video: test://ball, audio: test://sine }
model: denseav-mini
runtime: { providers: [cpu] }
publish: ${publish}
`;

async function run(command: string, publish: string, files: Record<string, string> = {}) {
  return await withFiles({ ...files, "front.yaml": pipeline(publish) }, async (folder) => {
    const outcome = await whence([command, join(folder, "front.yaml")]);
    return { ...outcome, files: [...Deno.readDirSync(folder)].map(({ name }) => name).toSorted() };
  });
}

Deno.test("check tries to write: a file that cannot be written is a fault", async () => {
  const good = await run("check", "{ jsonl: new/events.jsonl }");
  assert.equal(good.code, 0, good.stderr);
  assert.match(good.stdout, /events\n {4}\S+\/new\/events\.jsonl\n/);
  assert.deepEqual(good.files, ["front.yaml"]);
  const bad = await run("check", "{ jsonl: file/events.jsonl }", { file: "" });
  assert.equal(bad.code, 2);
  assert.match(
    bad.stderr,
    /^\S+front\.yaml:4:19: Cannot write \S+events\.jsonl: a part of its path is not a folder\n$/,
  );
});

Deno.test("check tries to connect: a broker that is down is shown, one that refuses is a fault", async () => {
  const down = `mqtt://127.0.0.1:${freePort()}`;
  const shown = await run("check", `{ mqtt: { url: "${down}" } }`);
  assert.equal(shown.code, 0, shown.stderr);
  assert.ok(
    shown.stdout.includes(
      `${down} under whence/front, QoS 1; unavailable now: connection refused\n`,
    ),
    shown.stdout,
  );
  await withFiles({ acl: "topic read #\n" }, async (folder) => {
    await using closed = await Mosquitto.start({ anonymous: false });
    const login = await run("check", `{ mqtt: { url: "${closed.url}" } }`);
    assert.equal(login.code, 2);
    assert.match(login.stderr, /:4:18: Cannot publish to mqtt:\S+: login refused: check username/);
    await using readOnly = await Mosquitto.start({ listener: [`acl_file ${folder}/acl`] });
    const acl = await run("check", `{ mqtt: { url: "${readOnly.url}" } }`);
    assert.equal(acl.code, 2);
    assert.match(
      acl.stderr,
      /:4:18: Cannot publish to mqtt:\S+: it refuses messages under whence\/front: Publish error: Not authorized\n/,
    );
  });
});

Deno.test("trying a broker publishes nothing but an empty message to probe", async () => {
  await using broker = await Mosquitto.start();
  await using ear = await MqttListener.connect(broker.url, "#");
  for (const command of ["check", "doctor"]) {
    const { code, stderr } = await run(command, `{ mqtt: { url: "${broker.url}" } }`);
    assert.equal(code, 0, stderr);
  }
  await ear.say("end", "");
  await ear.until("end", "");
  assert.deepEqual(
    ear.heard.map(({ topic, text, retain }) => `${topic} "${text}" ${retain}`),
    ['whence/front/probe "" false', 'whence/front/probe "" false', 'end "" false'],
  );
});

Deno.test("check shows which ports are in use now, and accepts the file", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const more = `{ jsonl: events.jsonl }\nmetrics: 127.0.0.1:${port}`;
  const { code, stdout } = await run("check", more);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /\n {2}ports\n {4}metrics: 127\.0\.0\.1:\d+: the port is in use by another process\n/,
  );
});

Deno.test("doctor tries to write and to connect", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const publish = `{ mqtt: { url: "embedded:${port}" }, jsonl: file/events.jsonl }`;
  const { code, stdout } = await run("doctor", publish, { file: "" });
  taken.close();
  assert.equal(code, 1);
  assert.match(
    stdout,
    /Broker\n {2}MISSING +embedded:\d+ +the port is in use by another process\n/,
  );
  assert.match(
    stdout,
    /Event file\n {2}MISSING +file\/events\.jsonl +Cannot write .* is not a folder\n/,
  );
});
