import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { stringify } from "yaml";
import type { BinaryContent } from "../config/not_text.ts";

/** The pipeline file of a video that is given in place of one: the shipped model and the defaults of all else. */
export function videoPipeline(file: string, { kind }: BinaryContent): string | undefined {
  if (kind !== "video") return undefined;
  return stringify({ source: { uri: pathToFileURL(resolve(file)).href }, model: "denseav-mini" });
}
