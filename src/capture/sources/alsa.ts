import { join } from "node:path";
import { z } from "zod";
import { probePath } from "../device_probe.ts";
import { kernelText } from "../kernel_text.ts";
import { quoted, withoutScheme } from "../launch_text.ts";
import type { Device, SourceDescriptor } from "../source.ts";
import { chained, MICROPHONE } from "../source_bin.ts";

interface MicrophoneAddress {
  readonly device: string;
}

/** A microphone by its ALSA name. */
export const alsa: SourceDescriptor<MicrophoneAddress> = {
  schemes: ["alsa"],
  forms: {
    audio: {
      usage: ["alsa://DEVICE"],
      example: "alsa://default",
      address: z.string().transform((text) => ({ device: withoutScheme(text) || "default" })),
    },
  },
  packages: { alsasrc: "gstreamer1.0-alsa" },
  endless: () => "device",
  // Some drivers use time stamps of another clock.
  launch: ({ device }, request) =>
    chained(
      `alsasrc name=${request.name} device=${
        quoted(device)
      } use-driver-timestamps=false ${MICROPHONE}`,
      request,
    ),
  probe: ({ device }) => probeCard(device),
  devices: microphones,
};

/** Checks for the sound card of a name such as `hw:1,0` or `plughw:CARD=Camera,DEV=0`. */
async function probeCard(device: string) {
  const card = /^[a-z]+:(?:CARD=)?(\w+)/i.exec(device)?.[1];
  if (card === undefined) return { status: "none", detail: "" } as const;
  const path = `/proc/asound/${/^\d+$/.test(card) ? "card" : ""}${card}`;
  return await probePath(path, `no sound card ${card}`);
}

/** Parses lines of `/proc/asound/pcm` such as `01-00: USB Audio : USB Audio : playback 1 : capture 1`. */
function microphones(root: string): Device[] {
  return kernelText(join(root, "proc/asound/pcm")).split("\n").flatMap((line) => {
    const match = /^(\d+)-(\d+): ([^:]*?) *:.*\bcapture \d/.exec(line);
    if (match === null) return [];
    const [, card, device, name] = match;
    const owner = kernelText(join(root, `proc/asound/card${Number(card)}/id`));
    return [{
      kind: "microphone" as const,
      url: `alsa://hw:${Number(card)},${Number(device)}`,
      name: owner === "" ? name : `${owner}: ${name}`,
    }];
  });
}
