import assert from "node:assert/strict";
import { join } from "node:path";
import { parseReference } from "../../../src/importer/hub/hub.ts";
import { pull, type PullOptions } from "../../../src/importer/hub/pull.ts";
import { LocalHub } from "../local_hub.ts";
import { inFolder } from "../temporary_folder.ts";

const repository = parseReference("hf:org/DenseAV-sound");
const weights = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) >> 3);
const files = {
  "config.json": new TextEncoder().encode('{"sim_agg_heads":1}'),
  "model.safetensors": weights,
  "README.md": new TextEncoder().encode("---\nlicense: mit\n---\n"),
};

async function withHub(
  body: (hub: LocalHub, cache: string, options: PullOptions) => Promise<void>,
): Promise<void> {
  await using hub = await LocalHub.start("org/DenseAV-sound", files);
  await inFolder((cache) =>
    body(hub, cache, { access: { endpoint: hub.endpoint }, cache, retryDelaysMs: [1, 1, 1] })
  );
}

async function assertWhole(folder: string): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    assert.deepEqual(new Uint8Array(await Deno.readFile(join(folder, name))), bytes, name);
  }
}

Deno.test("a reference names organization, model and revision", () => {
  assert.deepEqual(parseReference("hf:mhamilton723/DenseAV-sound-language"), {
    organization: "mhamilton723",
    name: "DenseAV-sound-language",
    revision: "main",
  });
  assert.equal(parseReference("hf:a/b@refs/pr/1").revision, "refs/pr/1");
  for (
    const bad of ["a/b", "hf:a", "hf:a/b/c", "hf:../b", "hf:a/..", "hf:a/b@", "hf:a/b@../../x", ""]
  ) {
    assert.throws(() => parseReference(bad), /must be hf:ORG\/NAME or hf:ORG\/NAME@revision/, bad);
  }
});

Deno.test("a repository is downloaded completely, with progress and its commit", async () => {
  await withHub(async (_hub, cache, options) => {
    const seen: [number, number][] = [];
    const { folder, source, bytes } = await pull(repository, {
      ...options,
      onProgress: (...progress) => seen.push(progress),
    });
    await assertWhole(folder);
    assert.ok(folder.startsWith(cache));
    assert.match(source, /\/org\/DenseAV-sound@0123456789abcdef/);
    const total = Object.values(files).reduce((sum, file) => sum + file.length, 0);
    assert.equal(bytes, total);
    assert.deepEqual(seen.at(-1), [total, total]);
    assert.ok(seen.every(([received], i) => i === 0 || received >= seen[i - 1][0]));
  });
});

Deno.test("files that are already there are not downloaded again", async () => {
  await withHub(async (hub, _cache, options) => {
    await pull(repository, options);
    assert.equal(hub.ranges.length, 1);
    await pull(repository, options);
    assert.equal(hub.ranges.length, 1);
  });
});

Deno.test("broken transfers continue where they stopped", async () => {
  await withHub(async (hub, _cache, options) => {
    Object.assign(hub.mischief, { breakAfter: 70_000, breaks: 4 });
    const retries: string[] = [];
    const onRetry = (reason: string) => retries.push(reason);
    const { folder } = await pull(repository, { ...options, onRetry });
    await assertWhole(folder);
    assert.equal(retries.length, 4);
    assert.equal(hub.ranges[0], undefined);
    assert.ok(hub.ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range ?? "")));
  });
});

Deno.test("a later pull continues an earlier one", async () => {
  await withHub(async (hub, _cache, options) => {
    Object.assign(hub.mischief, { breakAfter: 70_000, breaks: 1 });
    await assert.rejects(
      pull(repository, { ...options, retryDelaysMs: [] }),
      /Cannot pull model.safetensors: .* \(1 attempts\); run the command again to continue/,
    );
    const { folder } = await pull(repository, options);
    await assertWhole(folder);
    assert.match(hub.ranges[1] ?? "", /^bytes=[1-9]/);
  });
});

Deno.test("an aborted pull can be continued", async () => {
  await withHub(async (hub, _cache, options) => {
    const stop = new AbortController();
    const onProgress = (received: number) => received > 50_000 && stop.abort();
    Object.assign(hub.mischief, { breakAfter: 70_000, breaks: 1 });
    await assert.rejects(pull(repository, { ...options, onProgress, signal: stop.signal }), {
      name: "AbortError",
    });
    const { folder } = await pull(repository, options);
    await assertWhole(folder);
  });
});

Deno.test("with a server without ranges the download starts over", async () => {
  await withHub(async (hub, _cache, options) => {
    Object.assign(hub.mischief, { breakAfter: 70_000, breaks: 2, noRanges: true });
    const { folder } = await pull(repository, options);
    await assertWhole(folder);
  });
});

Deno.test("a new version on the hub is not mixed with an old download", async () => {
  await withHub(async (hub, _cache, options) => {
    Object.assign(hub.mischief, { breakAfter: 70_000, breaks: 1 });
    await assert.rejects(pull(repository, { ...options, retryDelaysMs: [] }));
    const other = weights.map((byte) => byte ^ 0xff);
    hub.replace("model.safetensors", other);
    const { folder } = await pull(repository, options);
    const got = await Deno.readFile(join(folder, "model.safetensors"));
    assert.deepEqual(new Uint8Array(got), other);
    hub.replace("model.safetensors", weights);
    await pull(repository, options);
    await assertWhole(folder);
  });
});

Deno.test("unexpected bytes are discarded", async () => {
  await withHub(async (hub, cache, options) => {
    hub.mischief.corrupt = true;
    await assert.rejects(
      pull(repository, options),
      /its hash must be .*; the download was discarded/,
    );
    const left = [...Deno.readDirSync(join(cache, "org--DenseAV-sound@main"))].map((e) => e.name);
    assert.ok(
      !left.some((name) => name.startsWith("model.safetensors") && !name.endsWith(".etag")),
    );
  });
});

Deno.test("a busy server is tried again; one that stays busy is an error", async () => {
  await withHub(async (hub, _cache, options) => {
    Object.assign(hub.mischief, { status: 503, refusals: 2 });
    const { folder } = await pull(repository, options);
    await assertWhole(folder);
  });
  await withHub(async (hub, _cache, options) => {
    Object.assign(hub.mischief, { status: 503, refusals: 99 });
    await assert.rejects(pull(repository, options), /server returned 503.* \(4 attempts\)/);
  });
});

Deno.test("an access token is sent to the hub, and never to the storage", async () => {
  await withHub(async (hub, _cache, options) => {
    hub.mischief.token = "hf_secret";
    await assert.rejects(
      pull(repository, options),
      /got 401 Access is restricted; for a private or gated model set HF_TOKEN to an access token$/,
    );
    const wrong = { ...options, access: { endpoint: hub.endpoint, token: "hf_wrong" } };
    await assert.rejects(
      pull(repository, wrong),
      /got 401 Access is restricted; HF_TOKEN must be an access token that may read it$/,
    );
    const access = { endpoint: hub.endpoint, token: "hf_secret" };
    const { folder } = await pull(repository, { ...options, access });
    await assertWhole(folder);
    assert.deepEqual(hub.authorizations, [undefined]);
  });
});

Deno.test("the small files are checked before the weights are downloaded", async () => {
  await withHub(async (hub, _cache, options) => {
    const checkSmallFiles = (folder: string) => {
      assert.equal(Deno.readTextFileSync(join(folder, "config.json")), '{"sim_agg_heads":1}');
      throw new Error("another architecture");
    };
    await assert.rejects(pull(repository, { ...options, checkSmallFiles }), /another architecture/);
    assert.equal(hub.ranges.length, 0);
  });
});

Deno.test("what cannot be downloaded is one line", async (t) => {
  await withHub(async (_hub, _cache, options) => {
    await t.step("no such repository", () =>
      assert.rejects(
        pull(parseReference("hf:org/none"), options),
        /Cannot pull: .*must be readable, got 401 Repository not found; .* set HF_TOKEN to/,
      ));
    await t.step("no disk space", () =>
      assert.rejects(
        pull(repository, { ...options, furtherBytes: () => 1e18 }),
        /must have 1000000000.\d\d GB free, got/,
      ));
    await t.step("no server", () =>
      assert.rejects(
        pull(repository, { ...options, access: { endpoint: "http://127.0.0.1:1" } }),
        /^ImportError: Cannot pull: .*must be reachable: [^\n]*$/,
      ));
  });
  await using bare = await LocalHub.start("org/DenseAV-sound", {
    "config.json": files["config.json"],
  });
  await inFolder((cache) =>
    t.step("no weights", () =>
      assert.rejects(
        pull(repository, { access: { endpoint: bare.endpoint }, cache }),
        /: it must have model.safetensors, http.* returned 404/,
      ))
  );
});
