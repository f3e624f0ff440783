import { HEAD_COLORS } from "../core/head_colors.ts";
import { HEAD_KINDS } from "../core/head_kind.ts";
import { type ClipRecord, lastMessages, nearMissText } from "./clip_record.ts";
import { scoreChart } from "./score_chart.ts";
import { escapeXml as text } from "./svg_text.ts";

/** A finished clip with its files. */
export interface ReportClip {
  readonly record: ClipRecord;
  /** URL of the video: `data:` or a file name. */
  readonly video: string;
  /** `data:` URLs of the events' pictures, by id. */
  readonly pictures: Readonly<Record<string, string>>;
}

const CHART = { width: 1200, height: 170 } as const;

const STYLE = `
:root { color-scheme: dark light; --line: #8885; --dim: #8a919c; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 1240px; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin-top: 2.5rem; overflow-wrap: anywhere; }
video { width: 100%; max-height: 75vh; background: #000; border-radius: 6px; }
.chart { position: relative; cursor: pointer; margin: .5rem 0 1rem; }
.chart svg { width: 100%; height: auto; display: block; border-radius: 6px; }
.chart i { position: absolute; top: 0; bottom: 0; width: 2px; background: #fff; pointer-events: none; }
.events { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: .8rem; padding: 0; }
.events li { list-style: none; border: 1px solid var(--line); border-radius: 6px; overflow: hidden; }
.events button { all: unset; cursor: pointer; display: block; width: 100%; }
.events button:focus-visible { outline: 3px solid #6af; outline-offset: -3px; }
.events img { width: 100%; display: block; } .events p { margin: .4rem .6rem; }
${HEAD_KINDS.map((kind) => `.${kind} { color: rgb(${HEAD_COLORS[kind]}); }`).join(" ")}
table { border-collapse: collapse; } td, th { padding: .2rem .8rem .2rem 0; text-align: left; }
.dim { color: var(--dim); }`;

const SCRIPT = `
for (const clip of document.querySelectorAll("section")) {
  const video = clip.querySelector("video"), chart = clip.querySelector(".chart");
  const cursor = chart.querySelector("i"), duration = Number(chart.dataset.duration);
  const show = () => { cursor.style.left = 100 * Math.min(1, video.currentTime / duration) + "%"; };
  const go = (seconds) => { video.currentTime = seconds; video.scrollIntoView({ block: "nearest" }); };
  const follow = () => { show(); if (!video.paused) requestAnimationFrame(follow); };
  video.addEventListener("play", follow);
  video.addEventListener("seeked", show);
  chart.addEventListener("click", (event) => {
    const { left, width } = chart.getBoundingClientRect();
    go(duration * (event.clientX - left) / width);
  });
  for (const button of clip.querySelectorAll("[data-at]")) {
    button.addEventListener("click", () => { go(Number(button.dataset.at)); video.play(); });
  }
}`;

/** A page about clips in one HTML file without external parts: player, timeline, events with pictures, near misses. */
export function reportPage(clips: readonly ReportClip[]): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Whence: ${text(clips.map(({ record }) => record.clip).join(", "))}</title>
<style>${STYLE}</style></head><body>
<h1>Where sounds and words come from</h1>
${clips.map(section).join("\n")}
<script>${SCRIPT}</script>
</body></html>
`;
}

function featureLinks({ feature_videos: videos }: ClipRecord): string {
  if (videos.length === 0) return "";
  const links = videos.map((file) => `<a href="${encodeURIComponent(file)}">${text(file)}</a>`);
  return `<p>${links.join(" · ")}</p>\n`;
}

function section({ record, video, pictures }: ReportClip): string {
  const { clip, model, duration, curves, near_misses: misses } = record;
  const events = lastMessages(record);
  const chart = scoreChart(curves, { from: 0, to: Math.max(1, duration), ...CHART });
  const cards = events.map((event) => {
    const name = event.labels[0]?.name ?? event.kind;
    const { onset } = event.stream;
    const picture = pictures[event.id];
    const title = `${name} at ${onset.toFixed(2)} s`;
    return `<li><button data-at="${onset}" aria-label="play ${text(title)}">` +
      (picture === undefined ? "" : `<img src="${picture}" alt="${text(title)}">`) +
      `<p><b class="${event.kind}">${text(name)}</b> ${onset.toFixed(2)} s, ` +
      `lasts ${event.duration.toFixed(2)} s<br>score ${event.score.toFixed(2)}` +
      `${event.located ? "" : ", not located"}</p></button></li>`;
  });
  const rows = misses.map((miss) =>
    `<tr><td>${miss.start.toFixed(2)} s</td><td class="${miss.kind}">${miss.kind}</td>` +
    `<td>${text(nearMissText(miss))}</td></tr>`
  );
  return `<section><h2>${text(clip)}</h2>
<p class="dim">${text(model)}, ${
    duration.toFixed(1)
  } s, ${events.length} events, ${misses.length} near misses</p>
<video controls preload="metadata" playsinline src="${text(video)}"></video>
${featureLinks(record)}<div class="chart" data-duration="${
    Math.max(1, duration)
  }">${chart}<i style="left:0"></i></div>
${events.length === 0 ? "<p>No events.</p>" : `<ul class="events">${cards.join("")}</ul>`}
${
    rows.length === 0
      ? ""
      : `<h3>Near misses</h3><table><tr><th>at</th><th>kind</th><th>why it is no event</th></tr>${
        rows.join("")
      }</table>`
  }</section>`;
}
