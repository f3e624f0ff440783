import assert from "node:assert/strict";
import { LEAST, lines, readText } from "./pipeline_file.ts";

const uriOf = async (value: string, environment = {}) => {
  const reading = await readText(`source:\n  uri: ${value}\nmodel: m\n`, [], environment);
  assert.deepEqual(lines(reading), []);
  return reading.config!.source.uri;
};

Deno.test("variables and defaults are expanded inside values", async () => {
  assert.equal(await uriOf("rtsp://${HOST}:${PORT:-554}/x", { HOST: "cam" }), "rtsp://cam:554/x");
  assert.equal(await uriOf("${A:-a b}.mkv"), "a b.mkv");
  assert.equal(await uriOf("${A:-default}", { A: "" }), "default");
  assert.equal(await uriOf('"x${A}"', { A: "" }), "x");
  assert.equal(await uriOf("$${A}/$A/$"), "${A}/$A/$");
  assert.equal(await uriOf("${A}", { A: "a: b # c" }), "a: b # c");
  assert.equal(await uriOf("${A}", { A: "${B}" }), "${B}");
});

Deno.test("an expanded plain value is typed again, a quoted one stays text", async () => {
  const text = LEAST + "runtime:\n  threads: ${N}\n  fp16: ${H:-false}\n  cache: '${N}'\n";
  const { config } = await readText(text, [], { N: "3" });
  assert.equal(config?.runtime.threads, 3);
  assert.equal(config?.runtime.fp16, false);
  assert.equal(config?.runtime.cache, "3");
});

Deno.test("a value that expands to nothing leaves its key out", async () => {
  const text = LEAST + "publish:\n  mqtt:\n    username: ${BROKER_USER:-}\n    prefix: ${P:-}\n";
  const { config, faults } = await readText(text);
  assert.deepEqual(faults, []);
  assert.equal(config?.publish.mqtt?.username, undefined);
  assert.equal(config?.publish.mqtt?.prefix, "whence");
});

Deno.test("an unset variable is a fault at its place in the file", async () => {
  const text = "source:\n  uri: rtsp://${CAM_HOST}/${1}/${X\nmodel: m\n";
  assert.deepEqual(lines(await readText(text)), [
    "robot.yaml:2:15: ${CAM_HOST} must have a default, or CAM_HOST must be set in the environment",
    "robot.yaml:2:27: ${1} must be ${NAME} or ${NAME:-default}",
    "robot.yaml:2:32: ${X must be ${NAME} or ${NAME:-default}",
  ]);
});

Deno.test("keys and comments are not expanded", async () => {
  const reading = await readText("# ${NOPE}\n" + LEAST + "${NOPE}: 1\n");
  assert.deepEqual(lines(reading).map((line) => line.split(";")[0]), [
    "robot.yaml:4:1: unknown key ${NOPE}",
  ]);
});
