import { existsSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { BinaryContent } from "../config/not_text.ts";

const SHIPPED = fileURLToPath(new URL("../../pipelines/", import.meta.url));

/** What to do, in one sentence, about a pipeline file that does not exist or is binary. */
export function fileAdvice(file: string, content?: BinaryContent): string | undefined {
  switch (content?.kind) {
    case undefined: {
      const shipped = join(SHIPPED, basename(file));
      return existsSync(shipped) ? `did you mean ${shorter(shipped)}?` : undefined;
    }
    case "audio":
      return "a pipeline file names it under source.audio, next to source.video";
    case "image":
      return "a pipeline file names a camera or a video under source";
    default:
      return undefined;
  }
}

/** The path from the current folder where that is shorter. */
function shorter(path: string): string {
  const near = relative(Deno.cwd(), path);
  return near.length < path.length ? near : path;
}
