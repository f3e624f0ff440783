import type { CameraStore, EventEntry, NearMissEntry } from "./camera_store.ts";
import { clockText, scoreText, secondsText } from "./format.ts";
import type { PageStore } from "./page_store.ts";
import { Thumbnail } from "./thumbnail.tsx";

/** The events, newest first. */
export function EventsPanel({ store, camera }: { store: PageStore; camera: CameraStore }) {
  const entries = [...camera.events.values()].toReversed();
  return (
    <section class="panel events" aria-labelledby="events-title">
      <h2 id="events-title">
        Events <span class="count">{entries.length}</span>
      </h2>
      {camera.lost > 0 && <p class="warning">{camera.lost} messages did not reach this page</p>}
      {entries.length === 0 && <p class="empty">No event yet.</p>}
      <ol>
        {entries.map((entry) => (
          <li key={entry.id}>
            <EventRow entry={entry} open={() => open(store, camera, entry)} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function open(store: PageStore, camera: CameraStore, { id }: EventEntry): void {
  store.openEvent = { camera: camera.name, id };
  store.now();
}

function EventRow({ entry, open }: { entry: EventEntry; open: () => void }) {
  const { event } = entry.messages.at(-1)!;
  const labels = event.labels.map(({ name }) => name);
  return (
    <button type="button" class={`event-row ${event.kind}`} onClick={open}>
      <Thumbnail best={entry.best} event={event} />
      <span class="what">
        <span class={`kind ${event.kind}`}>{event.kind}</span>
        {labels.length > 0 && <span class="labels">{labels.join(", ")}</span>}
        {event.zones.length > 0 && <span class="names">{event.zones.join(", ")}</span>}
        {!event.located && <span class="names">not in view</span>}
      </span>
      <span class="when">
        {clockText(event.onset * 1000)} ·{" "}
        {event.offset === null ? "active" : secondsText(event.duration)}
      </span>
      <span class="score" aria-label={`score ${scoreText(event.score)}`}>
        {scoreText(event.score)}
      </span>
    </button>
  );
}

/** What came close to an event, newest first, with the reason why it did not become one. */
export function NearMissesPanel({ store, camera }: { store: PageStore; camera: CameraStore }) {
  const misses = camera.nearMisses.toReversed();
  return (
    <section class="panel misses" aria-labelledby="misses-title">
      <h2 id="misses-title">
        Near misses <span class="count">{misses.length}</span>
      </h2>
      {misses.length === 0 && (
        <p class="empty">Nothing came close to an event without becoming one.</p>
      )}
      <ol>
        {misses.map((miss) => (
          <li key={`${miss.kind} ${miss.t}`}>
            <button
              type="button"
              class="miss-row"
              onClick={() => {
                camera.freeze(miss.t);
                store.now();
              }}
            >
              <span class={`kind ${miss.kind}`}>{miss.kind}</span>
              <span class="reason">{reasonText(miss)}</span>
              <span class="when">{clockText(miss.epochMs)}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** With a third digit where two would show the threshold itself. */
function scoreBelow(score: number, on: number): string {
  const text = scoreText(score);
  return text === scoreText(on) ? score.toFixed(3) : text;
}

function reasonText(miss: NearMissEntry): string {
  switch (miss.reason) {
    case "below_on":
      return `score ${scoreBelow(miss.score, miss.on)} stayed below on ${scoreText(miss.on)}`;
    case "too_short":
      return `score ${scoreText(miss.score)} for ${
        Math.round(miss.activeSeconds * 1000)
      } ms, min_duration is ` +
        `${Math.round(miss.minDuration * 1000)} ms`;
    case "moved":
      return `score ${
        scoreText(miss.score)
      }, but the peak did not stay in one place for min_duration`;
    case "below_gate":
      return `score ${scoreText(miss.score)}, but level ${
        miss.level.toFixed(0)
      } dBFS is below the gate ` +
        `${miss.gate.toFixed(0)} dBFS`;
  }
}
