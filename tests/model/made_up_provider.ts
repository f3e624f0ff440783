import { z } from "zod";
import type { Accelerator } from "../../src/model/provider.ts";
import type { AxisSizes } from "../../src/model/runtime/session.ts";

const settings = {
  abacus: z.strictObject({ beads: z.string().min(1).default("10") }).prefault({}),
};

/** What was added to sessions, for tests to look at. */
export const prepared: Record<string, string>[] = [];

/** Hashes of the models of those sessions. */
export const hashes: string[] = [];

/** The axes that were fixed in those models. */
export const axes: AxisSizes[] = [];

/**
 * A provider that the project does not know: under its own name it runs what ONNX Runtime calls `ortName`, and it is
 * added by the name that `SessionOptionsAppendExecutionProvider` takes.
 */
export function abacus(
  ortName: string,
  appendName: string,
  optionName: string,
): Accelerator<typeof settings> {
  return {
    role: "accelerator",
    name: "abacus",
    ortName,
    help: "wooden beads",
    settings,
    append: { name: appendName },
    options: ({ abacus: { beads } }) => ({ [optionName]: beads }),
    prepare: async (options, model) => {
      prepared.push({ ...options });
      hashes.push(await model.hash());
      axes.push(model.axes);
      return options;
    },
    hasDevice: () => true,
  };
}
