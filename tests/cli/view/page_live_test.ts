/// <reference lib="dom" />
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { serveView } from "../../../src/cli/view/serve_view.ts";
import { clipTruthSchema } from "../../../src/evaluation/metrics/clip_truth.ts";
import { composePipeline } from "../../../src/pipeline/compose.ts";
import { loadPipeline } from "../../../src/pipeline/load.ts";
import { axeFindings, openBrowser } from "../../support/browser.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free_port.ts";

const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));
const MODEL = join(PROJECT, "models/denseav-mini");
const CLIP = join(PROJECT, "tests/support/clips/animals");
const SHOTS = join(PROJECT, "out/view");

/** What the overlay showed at one moment. */
interface Sample {
  readonly t: number;
  /** Strongest pixel of each head, 0..1 of the picture, with its opacity 0..255. */
  readonly sound: readonly [x: number, y: number, alpha: number];
  readonly speech: readonly [x: number, y: number, alpha: number];
}

async function pipelineFile(): Promise<string> {
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  await Deno.writeTextFile(
    file,
    `# A camera for a test.
name: front
source: { uri: ${CLIP}.mkv, frame_rate: 5 } # the clip
model: ${MODEL}
runtime: { providers: [cpu], threads: 1 }
detect:
  sound:
    on: 0.6 # found by listening
camera: { hfov: 60deg }
publish: { jsonl: ${file}.jsonl }
`,
  );
  return file;
}

Deno.test("the live page in a browser", async (test) => {
  await Deno.mkdir(SHOTS, { recursive: true });
  const file = await pipelineFile();
  const loaded = [await loadPipeline(file)];
  const { config, folder } = loaded[0];
  const pipeline = composePipeline(config, { folder, log: () => {}, pictures: true });
  const view = { address: `127.0.0.1:${freePort()}` };
  let server = serveView(loaded, [pipeline], view, { edit: true });
  const browser = await openBrowser();
  const controller = new AbortController();
  const page = await browser.newPage({
    viewport: { width: 1440, height: 950 },
    colorScheme: "dark",
  });
  const problems: string[] = [];
  const hosts = new Set<string>();
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  page.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (!/^(blob|data):$/.test(protocol)) hosts.add(host);
  });
  const shot = (name: string) => page.screenshot({ path: join(SHOTS, `${name}.png`) });
  const main = page.locator("main.camera");
  try {
    await page.goto(server.url);
    await server.connected;
    await main.waitFor();
    await startSampling(page);
    const ended = pipeline.run(controller.signal);
    const samples: Sample[] = [];

    await test.step("the overlay is where the truth says, while it is heard", async () => {
      await page.locator(".tag").first().waitFor();
      await shot("event");
      await ended;
      samples.push(
        ...await page.evaluate(() => (globalThis as unknown as { samples: Sample[] }).samples),
      );
      const truth = clipTruthSchema.parse(
        JSON.parse(await Deno.readTextFile(`${CLIP}.truth.json`)),
      );
      const verdicts = truth.events.map(({ kind, onset, offset, box: [x1, y1, x2, y2] }) => {
        // The score needs a moment to rise and to fall.
        const during = samples.filter(({ t }) => t > onset + 0.2 && t < offset - 0.1);
        const strong = during.map((sample) => sample[kind]).filter(([, , alpha]) => alpha > 80);
        const inside = strong.filter(([x, y]) => x > x1 && x < x2 && y > y1 && y < y2);
        return { seen: during.length, strong: strong.length, inside: inside.length };
      });
      const drawn = verdicts.filter(({ strong }) => strong > 0);
      const right = drawn.filter(({ strong, inside }) => inside > strong / 2);
      // A busy machine may draw nothing during some, or no more than a late frame.
      assert.ok(drawn.length >= 3, JSON.stringify(verdicts));
      assert.ok(right.length >= 0.75 * drawn.length, JSON.stringify(verdicts));
      const quiet = samples.filter(({ t }) =>
        t > 0 && truth.events.every(({ onset, offset }) => t < onset - 0.4 || t > offset + 0.8)
      );
      assert.ok(quiet.length > 10);
      const shown = quiet.filter(({ sound, speech }) => Math.max(sound[2], speech[2]) > 150);
      assert.ok(shown.length < quiet.length / 5, `${shown.length} of ${quiet.length}`);
    });

    await test.step("events and their details are listed", async () => {
      const lines = (await Deno.readTextFile(`${file}.jsonl`)).trim().split("\n");
      const ids = new Set(lines.map((line) => JSON.parse(line).id));
      const rows = page.locator(".event-row");
      await eventually("all events", async () => await rows.count() === ids.size);
      assert.ok(await page.locator(".event-row canvas.thumbnail").count() > 0);
      await rows.first().click();
      const json = JSON.parse(await page.locator("dialog .json").innerText());
      assert.ok(ids.has(json.id));
      assert.equal(await page.locator("dialog .curve polyline").count(), 1);
      await shot("detail");
      assert.deepEqual(await axeFindings(page), []);
      await page.keyboard.press("Escape");
      await eventually("closed", async () => await page.locator("dialog").count() === 0);
    });

    await test.step("a click on the timeline freezes that moment, arrows move it, space goes on", async () => {
      const t = () => page.locator("canvas.heat").evaluate((canvas) => Number(canvas.dataset.t));
      const plot = (await page.locator(".timeline .u-over").last().boundingBox())!;
      const live = await t();
      await page.mouse.click(plot.x + plot.width * (1 - 10 / 60), plot.y + plot.height / 2);
      await eventually("frozen", async () => await main.getAttribute("data-frozen") === "true");
      await eventually("10 s back", async () => Math.abs(await t() - (live - 10)) < 0.3);
      const before = await t();
      await page.locator(".timeline").focus();
      await page.keyboard.press("ArrowLeft");
      await eventually("a step back", async () => Math.abs(await t() - (before - 0.08)) < 0.02);
      await shot("frozen");
      await page.locator("canvas.heat").click({ force: true });
      await page.evaluate(() => (document.activeElement as HTMLElement).blur());
      await page.keyboard.press(" ");
      await eventually("live", async () => await main.getAttribute("data-frozen") === "false");
    });

    await test.step("sliders act on the pipeline and show the lines of YAML", async () => {
      const slider = page.getByLabel("sound on", { exact: true });
      await slider.focus();
      for (let i = 0; i < 10; i++) await page.keyboard.press("ArrowRight");
      await eventually("on", () => Math.abs(pipeline.detect.sound.on - 0.7) < 1e-9);
      const lines = page.locator(".yaml pre");
      await eventually("YAML", async () => (await lines.innerText()).includes("on: 0.7"));
      await page.getByLabel("sound off", { exact: true }).focus();
      await page.keyboard.press("End");
      await eventually("off pushes on", () => pipeline.detect.sound.off === 1);
      assert.equal(pipeline.detect.sound.on, 1);
      await page.getByRole("button", { name: "Undo all" }).click();
      await eventually("undone", () => pipeline.detect.sound.on === 0.6);
      await page.locator("output", { hasText: "0.60" }).first().waitFor();
      await eventually("no YAML", async () => await lines.count() === 0);
    });

    await test.step("zones are drawn, moved and renamed", async () => {
      await page.getByRole("button", { name: "Draw and move zones" }).click();
      const stage = (await page.locator(".stage").boundingBox())!;
      const at = (x: number, y: number) =>
        [stage.x + x * stage.width, stage.y + y * stage.height] as const;
      for (const [x, y] of [[0.2, 0.2], [0.5, 0.2], [0.5, 0.6]]) {
        await page.mouse.click(...at(x, y));
      }
      await page.mouse.dblclick(...at(0.2, 0.6));
      await eventually("a zone", () => pipeline.detect.zones["zone-1"]?.length === 4);
      const near = ([x, y]: readonly number[], [ex, ey]: readonly number[]) =>
        Math.hypot(x - ex, y - ey) < 0.01;
      assert.ok(near(pipeline.detect.zones["zone-1"][2], [0.5, 0.6]));
      await page.locator(".corner").nth(2).waitFor();
      await page.mouse.move(...at(0.5, 0.6));
      await page.mouse.down();
      await page.mouse.move(...at(0.6, 0.7), { steps: 4 });
      await page.mouse.up();
      await eventually(
        "a corner moved",
        () => near(pipeline.detect.zones["zone-1"][2], [0.6, 0.7]),
      );
      await page.mouse.move(...at(0.3, 0.3));
      await page.mouse.down();
      await page.mouse.move(...at(0.4, 0.3), { steps: 4 });
      await page.mouse.up();
      await eventually(
        "the zone moved",
        () => near(pipeline.detect.zones["zone-1"][0], [0.3, 0.2]),
      );
      await page.getByRole("button", { name: "Corner 1 of zone zone-1" }).focus();
      await page.keyboard.press("ArrowDown");
      await eventually("by keyboard", () => near(pipeline.detect.zones["zone-1"][0], [0.3, 0.21]));
      await shot("zones");
      assert.deepEqual(await axeFindings(page), []);
      await page.getByLabel("Name of zone zone-1").fill("sofa");
      await page.keyboard.press("Enter");
      await eventually("renamed", () => Object.keys(pipeline.detect.zones).join() === "sofa");
      await page.getByRole("button", { name: "Done" }).click();
    });

    await test.step("changed settings are written into the file, comments kept", async () => {
      await page.getByRole("button", { name: "Write to the file" }).click();
      await eventually("written", async () => (await Deno.readTextFile(file)).includes("sofa"));
      const text = await Deno.readTextFile(file);
      for (const part of ["# A camera for a test.", "# the clip", "on: 0.6 # found by listening"]) {
        assert.ok(text.includes(part), text);
      }
      const { config } = await loadPipeline(file);
      assert.deepEqual(config.detect, pipeline.detect);
      await eventually("nothing differs", async () => await page.locator(".yaml").count() === 0);
    });

    await test.step("axe-core finds nothing, dark or light, wide or on a phone", async () => {
      for (const colorScheme of ["dark", "light"] as const) {
        await page.emulateMedia({ colorScheme });
        for (const [name, width, height] of [["wide", 1440, 950], ["phone", 390, 844]] as const) {
          await page.setViewportSize({ width, height });
          assert.deepEqual(await axeFindings(page), [], `${colorScheme} ${name}`);
          await page.screenshot({
            path: join(SHOTS, `${name}-${colorScheme}.png`),
            fullPage: true,
          });
          const scrolls = await page.evaluate(() =>
            document.documentElement.scrollWidth - document.documentElement.clientWidth
          );
          assert.equal(scrolls, 0, `${name} scrolls sideways`);
        }
      }
      await page.setViewportSize({ width: 1440, height: 950 });
    });

    await test.step("the page connects again after the server has restarted", async () => {
      await server[Symbol.asyncDispose]();
      await page.locator(".banner").waitFor();
      await shot("lost");
      server = serveView(loaded, [pipeline], view, { edit: true });
      await page.locator(".banner").waitFor({ state: "detached" });
      pipeline.telemetry.tell("log", { timeMs: 1, level: "info", message: "after the restart" });
      await page.locator(".status summary").click();
      await page.getByText("after the restart").waitFor();
    });

    assert.deepEqual([...hosts], [new URL(server.url).host], "requests to other hosts");
    // A lost connection is reported by the browser itself.
    assert.deepEqual(
      problems.filter((text) => !/WebSocket connection|ERR_CONNECTION/.test(text)),
      [],
    );
  } finally {
    controller.abort();
    await browser.close();
    await server[Symbol.asyncDispose]();
    await Deno.remove(file);
    await Deno.remove(`${file}.jsonl`);
  }
});

/** Has the page note the strongest pixels of its overlay ten times a second. */
async function startSampling(page: Page): Promise<void> {
  await page.evaluate(() => {
    const samples: Sample[] = [];
    Object.assign(globalThis, { samples });
    setInterval(() => {
      const canvas = document.querySelector<HTMLCanvasElement>("canvas.heat");
      const t = Number(canvas?.dataset.t);
      if (!canvas || !(t > 0) || samples.at(-1)?.t === t) return;
      const { width, height } = canvas;
      const { data } = canvas.getContext("2d")!.getImageData(0, 0, width, height);
      const strongest = { sound: [0, 0, 0], speech: [0, 0, 0] } as Record<string, number[]>;
      for (let i = 0; i < data.length; i += 16) {
        const [red, , blue, alpha] = data.subarray(i, i + 4);
        const best = strongest[red > blue ? "sound" : "speech"];
        if (alpha <= best[2]) continue;
        const pixel = i / 4;
        best[0] = (pixel % width) / width;
        best[1] = Math.floor(pixel / width) / height;
        best[2] = alpha;
      }
      samples.push({ t, ...strongest } as unknown as Sample);
    }, 100);
  });
}
