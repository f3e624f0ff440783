import { basename, resolve } from "node:path";
import type { HeadKind } from "../../core/head_kind.ts";
import { readModelLabels } from "../../labels/model_labels.ts";
import { findModel } from "../../model/find_model.ts";
import { openEncoders } from "../../model/open_encoders.ts";
import {
  checkThings,
  readBankIfAny,
  type Thing,
  writeBank,
} from "../../model/things/thing_bank.ts";
import { UsageError } from "../exit.ts";
import { runtimeConfig, type RuntimeOptions } from "../runtime_options.ts";
import { counted } from "../../core/quantities.ts";
import { heardCode } from "./heard_code.ts";

/** Options of `whence label add`. */
export interface AddOptions extends RuntimeOptions {
  readonly bank: string;
  readonly model: string;
  readonly kind?: HeadKind;
}

/**
 * Adds recordings of a name to a bank.
 *
 * @throws {UsageError|ModelError|EvaluationError} when options, the bank, the model or a file cannot be used.
 */
export async function addLabel(
  name: string,
  clips: readonly string[],
  options: AddOptions,
): Promise<void> {
  const file = resolve(options.bank);
  const folder = await findModel(options.model, ".");
  const { manifest } = folder;
  const spaces = await readModelLabels(folder);
  if (spaces === undefined) {
    throw new UsageError(
      `Cannot label ${name}: ${manifest.name} has no label file; see docs/labels.md`,
    );
  }
  const known = await readBankIfAny(file);
  checkThings(file, known, manifest);
  await using open = await openEncoders(folder, runtimeConfig(options, "label"));
  const model = `${manifest.name}@${manifest.version}`;
  const added: Thing[] = [];
  for (const clip of clips) {
    const heard = await heardCode(open.encoders, clip, options.kind);
    if (heard === undefined) {
      throw new UsageError(`Cannot label ${name}: ${manifest.name} hears nothing in ${clip}`);
    }
    const { kind, code } = heard;
    const length = Math.hypot(...code);
    const unit = code.map((value) => value / length);
    const thing = { name, model, kind, code: unit, length: 1 };
    const same = [...known, ...added].find((other) => isSame(thing, other));
    if (same !== undefined) {
      throw new UsageError(`Cannot add ${clip}: ${options.bank} has it already, as ${same.name}`);
    }
    added.push(thing);
  }
  const kinds = new Set(added.map(({ kind }) => kind));
  if (kinds.size > 1) {
    const list = added.map(({ kind }, i) => `${basename(clips[i])} ${kind}`).join(", ");
    throw new UsageError(
      `Cannot label ${name}: the recordings must be of one kind, got ${list}; pass --kind sound or --kind speech`,
    );
  }
  await writeBank(file, [...known, ...added]);
  const [kind] = kinds;
  const total = [...known, ...added].filter((one) => one.name === name && one.kind === kind);
  console.log(`${options.bank}: ${name} (${kind}), ${counted(total.length, "recording")}`);
}

const isSame = (a: Thing, b: Thing) =>
  a.kind === b.kind && a.code.every((value, c) => value === b.code[c]);
