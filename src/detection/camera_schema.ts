import { z } from "zod";
import { onceGood } from "../config/once_good.ts";
import { angleSchema } from "../config/units.ts";

const focal = z.number().positive();

/** Frame id and optics: `hfov`, or a pinhole's `fx`, `fy`, `cx`, `cy` in pixels of the source picture. */
export const cameraSchema = z.strictObject({
  frame_id: z.string().min(1).default("camera").describe("The events' header.frame_id"),
  hfov: angleSchema.refine((angle) => angle > 0 && angle < Math.PI, {
    message: "must be above 0deg and below 180deg",
  }).optional().describe("Horizontal field of view"),
  fx: focal.optional().describe("Horizontal focal length in pixels of the source picture"),
  fy: focal.optional().describe("Vertical focal length in pixels"),
  cx: z.number().min(0).optional().describe("Horizontal position of the optical center in pixels"),
  cy: z.number().min(0).optional().describe("Vertical position of the optical center in pixels"),
}).superRefine((camera, context) => {
  const given = [camera.fx, camera.fy, camera.cx, camera.cy].filter((v) => v !== undefined).length;
  if (given !== 0 && given !== 4) {
    context.addIssue({ code: "custom", message: "must have all of fx, fy, cx, cy, or none" });
  } else if (given === 4 && camera.hfov !== undefined) {
    context.addIssue({ code: "custom", message: "must have either hfov or fx, fy, cx, cy" });
  }
}, onceGood("hfov", "fx", "fy", "cx", "cy"));
/** A checked `camera` block; radians and pixels. */
export type CameraConfig = z.infer<typeof cameraSchema>;
