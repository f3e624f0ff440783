import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import protocol, { type MessageData } from "@foxglove/ws-protocol";
import sharp from "sharp";
import { foxgloveConfig, serveFoxglove } from "../../../src/cli/view/serve_foxglove.ts";
import { loadPipelines } from "../../../src/pipeline/load.ts";
import { Telemetry } from "../../../src/telemetry/telemetry.ts";
import { whence } from "../whence.ts";
import { withFiles } from "../../config/pipeline_file.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free_port.ts";

const { FoxgloveClient } = protocol;
const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));

const PIPELINE = `source: { video: test://ball, audio: test://ticks }
model: denseav-mini
runtime: { providers: [cpu], threads: 1 }
camera: { hfov: 60deg }
publish: { jsonl: ball.jsonl }
`;

Deno.test("run --foxglove: a client sees pictures, sound, maps and scores of a running pipeline", async () => {
  await withFiles({ "ball.yaml": PIPELINE }, async (folder) => {
    const port = freePort();
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "-A", join(PROJECT, "src/main.ts"), "run"],
        ...[join(folder, "ball.yaml"), "--foxglove", `${port}`],
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    try {
      let text = "";
      while (!text.includes("\n")) {
        const { value, done } = await reader.read();
        assert.ok(!done, text);
        text += value;
      }
      assert.equal(text, `Foxglove: ws://127.0.0.1:${port}\n`);
      const socket = new WebSocket(`ws://127.0.0.1:${port}`, [
        FoxgloveClient.SUPPORTED_SUBPROTOCOL,
      ]);
      // deno-lint-ignore no-explicit-any -- the package's types are those of another WebSocket
      const client = new FoxgloveClient({ ws: socket as any });
      const topics = new Map<number, string>();
      const newest = new Map<string, Record<string, unknown>>();
      client.on("advertise", (channels) => {
        for (const { id, topic } of channels) topics.set(client.subscribe(id), topic);
      });
      client.on("message", ({ subscriptionId, data }: MessageData) => {
        const value = JSON.parse(new TextDecoder().decode(data));
        newest.set(topics.get(subscriptionId)!, value);
      });
      const wanted = ["picture", "audio", "sound/map", "scores", "state", "calibration"];
      await eventually(
        "messages",
        () => wanted.every((name) => newest.has(`/ball/${name}`)),
        120_000,
      );
      const picture = Uint8Array.fromBase64(newest.get("/ball/picture")!.data as string);
      const { format, width, height } = await sharp(picture).metadata();
      const { width: across, height: down } = newest.get("/ball/calibration")!;
      assert.deepEqual([format, width, height], ["jpeg", across, down]);
      const closed = new Promise<void>((resolve) => client.on("close", () => resolve()));
      process.kill("SIGINT");
      await closed;
    } finally {
      await reader.cancel();
      assert.equal((await process.status).code, 0);
    }
  });
});

Deno.test("the foxglove block serves other machines under its token; the command line wins", async () => {
  const port = freePort();
  const token = "a-token-of-this-file";
  const block = `foxglove: { address: "0.0.0.0:${port}", token: ${token} }\n`;
  await withFiles({ "ball.yaml": PIPELINE + block }, async (folder) => {
    const file = join(folder, "ball.yaml");
    const loaded = await loadPipelines([file], []);
    assert.deepEqual(foxgloveConfig(loaded, {}), { address: `0.0.0.0:${port}`, token });
    assert.deepEqual(foxgloveConfig(loaded, { foxglove: "8766" }), { address: "8766", token });
    const offered = loaded.map(({ config: { name } }) => ({
      name,
      telemetry: new Telemetry(() => {}),
    }));
    await using server = await serveFoxglove(offered, foxgloveConfig(loaded, {})!);
    assert.ok(server.url.endsWith(`:${port}/?token=${token}`), server.url);
    const layout = `http://127.0.0.1:${port}/ball.layout.json`;
    const refused = await fetch(layout);
    await refused.body?.cancel();
    assert.equal(refused.status, 403);
    const served = await fetch(`${layout}?token=${token}`);
    await served.body?.cancel();
    assert.equal(served.status, 200);
    const { stdout } = await whence(["check", file]);
    assert.match(stdout, new RegExp(`Foxglove: 0\\.0\\.0\\.0:${port}: the port is in use`));
    assert.match(stdout, new RegExp(`--allow-net=0\\.0\\.0\\.0:${port}`));
  });
});
