import { z } from "zod";
import { durationWithin } from "../config/units.ts";

/** The block `record`: what is kept of pictures and sound. */
export const recordSchema = z.strictObject({
  path: z.string().min(1).describe("Folder for the files"),
  mode: z.enum(["events", "all"]).default("events").describe(
    "`events`: a clip of each event; `all`: everything, in segments",
  ),
  picture: z.boolean().default(true).describe("A JPEG of each event at its highest score"),
  pre: durationWithin("0s", "30s").prefault("3s").describe("Length of a clip before the onset"),
  post: durationWithin("0s", "30s").prefault("2s").describe("Length of a clip after the end"),
  longest: durationWithin("1s", "60s").prefault("30s").describe(
    "Clips of longer events are cut off this long after the onset",
  ),
  segment: durationWithin("5s", "60s").prefault("30s").describe("Length of a segment"),
  max_mb: z.number().positive().default(1000).describe(
    "Size of all files in MB; the oldest are deleted",
  ),
  max_age: durationWithin("1m", "87600h").prefault("168h").describe("Older files are deleted"),
});
/** A checked `record` block. */
export type RecordConfig = z.output<typeof recordSchema>;
