import assert from "node:assert/strict";
import { modelCard } from "../../../src/cli/learn/model_card.ts";
import type { Adapter } from "../../../src/learning/adapter.ts";
import { type Calibration, loadManifest, type Manifest } from "../../../src/model/manifest.ts";
import { writeColorModel } from "../color_model.ts";

const fit = (slope: number, fitted_on: string): Calibration => ({ slope, offset: 0, fitted_on });

async function cardOf(
  before: readonly (Calibration | undefined)[],
  after: readonly (Calibration | undefined)[],
): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "whence-card-" });
  try {
    const { manifest } = await loadManifest(await writeColorModel(folder));
    const calibrated = (calibrations: typeof before): Manifest => ({
      ...manifest,
      heads: manifest.heads.map((head, k) => ({ ...head, calibration: calibrations[k] })),
    });
    const adapter: Adapter = {
      format: "whence/adapter/1",
      steps: 1,
      picture: [],
      sound: [],
      heads: [],
    };
    const learned = { ...calibrated(after), name: "rooms" };
    return modelCard(learned, calibrated(before), adapter, {
      learned: 12,
      heldOut: 4,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the card says of each head whether its calibration was fitted or kept", async () => {
  const [old, now] = [fit(1, "scenes"), fit(2, "4 held-out recordings, AUC 0.80")];
  const card = await cardOf([old, old], [{ ...now, previous: old }, old]);
  assert.match(
    card,
    /^Calibration: sound fitted on the held-out recordings, speech kept from colors 1\.$/m,
  );
});

Deno.test("the card says which heads have no calibration", async () => {
  const now = fit(2, "4 held-out recordings, AUC 0.80");
  assert.match(
    await cardOf([undefined, undefined], [now, undefined]),
    /^Calibration: sound fitted on the held-out recordings, speech none\.$/m,
  );
});
