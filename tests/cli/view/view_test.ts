import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { withFiles } from "../../config/pipeline_file.ts";
import { axeFindings, openBrowser } from "../../support/browser.ts";
import { eventually } from "../../support/eventually.ts";
import { firstLine } from "../../support/first_line.ts";
import { freePort } from "../../support/free_port.ts";
import { whence } from "../whence.ts";

const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));
const SHOTS = join(PROJECT, "out/view");

const pipeline = (pattern: string, more = "") =>
  `source: { video: test://${pattern}, audio: test://ticks }
model: denseav-mini
runtime: { providers: [cpu], threads: 1 }
publish: { jsonl: ${pattern}.jsonl }
${more}`;

/** Runs `whence ARGS` and gives the link that it prints. */
async function start(...args: string[]) {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", join(PROJECT, "src/main.ts"), ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const line = await firstLine(process.stdout, "no link");
  const url = /^Live page: (\S+)$/.exec(line)?.[1];
  assert.ok(url, line);
  return {
    url,
    async [Symbol.asyncDispose]() {
      process.kill("SIGINT");
      assert.equal((await process.status).code, 0);
    },
  };
}

Deno.test("view: several cameras have an overview, and one server", async () => {
  const files = { "ball.yaml": pipeline("ball"), "smpte.yaml": pipeline("smpte") };
  await Deno.mkdir(SHOTS, { recursive: true });
  await withFiles(files, async (folder) => {
    const paths = Object.keys(files).map((file) => join(folder, file));
    await using server = await start("view", ...paths, "--no-open", "--address", `${freePort()}`);
    const browser = await openBrowser();
    try {
      const page = await browser.newPage({ colorScheme: "light" });
      await page.goto(server.url);
      await page.locator(".tile").nth(1).waitFor();
      assert.deepEqual(await page.locator(".tile strong").allInnerTexts(), ["ball", "smpte"]);
      const size = (name: string) =>
        page.locator(".tile", { hasText: name }).locator("canvas").getAttribute("width");
      await eventually(
        "both pictures",
        async () => await size("ball") === "640" && await size("smpte") === "640",
      );
      assert.deepEqual(await axeFindings(page), []);
      await page.screenshot({ path: join(SHOTS, "overview.png") });
      await page.locator(".tile", { hasText: "smpte" }).click();
      await page.locator("canvas.picture[width='640']").waitFor();
      await page.screenshot({ path: join(SHOTS, "one-of-two.png") });
      await page.keyboard.press("Escape");
      await page.locator(".tile").nth(1).waitFor();
    } finally {
      await browser.close();
    }
  });
});

Deno.test("run: --view and the view block serve the page while the pipeline runs", async () => {
  const port = freePort();
  const files = {
    "flag.yaml": pipeline("ball"),
    "block.yaml": pipeline("ball", `view: { address: "127.0.0.1:${port}" }\n`),
  };
  await withFiles(files, async (folder) => {
    const status = async (url: string) => {
      const response = await fetch(url);
      await response.body?.cancel();
      return response.status;
    };
    {
      await using server = await start("run", join(folder, "block.yaml"));
      assert.equal(server.url, `http://127.0.0.1:${port}/`);
      assert.equal(await status(server.url), 200);
    }
    const address = `127.0.0.1:${freePort()}`;
    await using server = await start("run", join(folder, "flag.yaml"), "--view", address);
    assert.equal(server.url, `http://${address}/`);
    assert.equal(await status(server.url), 200);
  });
});

Deno.test("run: an address that is not one, or is in use, is one line", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const files = {
    "good.yaml": pipeline("ball"),
    "bad.yaml": pipeline("ball", "view: { address: nowhere:99999 }\n"),
  };
  await withFiles(files, async (folder) => {
    const bad = await whence(["check", join(folder, "bad.yaml")]);
    assert.equal(bad.code, 2);
    assert.match(bad.stdout + bad.stderr, /bad\.yaml:5:18: view\.address must be HOST:PORT/);
    const flag = await whence(["run", join(folder, "good.yaml"), "--view", "a b"]);
    assert.equal(flag.code, 2);
    const address = `127.0.0.1:${taken.addr.port}`;
    const inUse = await whence(["run", join(folder, "good.yaml"), "--view", address]);
    assert.equal(inUse.code, 1);
    assert.match(
      inUse.stderr,
      new RegExp(`Cannot serve the page on ${address}: the port is in use`),
    );
  });
});
