import { useEffect, useState } from "preact/hooks";
import type { HeadKind } from "../../core/head_kind.ts";
import type { KindTuning } from "../../telemetry/topics.ts";
import type { CameraStore } from "./camera_store.ts";
import type { PageStore } from "./page_store.ts";
import { ZoneList } from "./zone_list.tsx";

/** Sliders that act at once, and the lines of YAML to keep what they found. */
export function TuningPanel({ store, camera }: { store: PageStore; camera: CameraStore }) {
  const { tuning, yaml, description } = camera;
  /** Counts resets: the sliders give up what the user has set before. */
  const [resets, setResets] = useState(0);
  if (!tuning) return null;
  const tune = (change: unknown) =>
    store.connection.send({ type: "tune", pipeline: camera.name, change });
  const kinds = description?.heads.map(({ kind }) => kind) ?? [];
  return (
    <section class="panel tuning" aria-labelledby="tuning-title">
      <h2 id="tuning-title">Tuning</h2>
      {kinds.map((kind) => (
        <KindSliders
          key={`${kind} ${resets}`}
          kind={kind}
          tuning={tuning[kind]}
          tune={(change) => tune({ [kind]: change })}
        />
      ))}
      <fieldset key={resets}>
        <legend>All</legend>
        <Slider
          name="gate"
          value={tuning.gate}
          least={-90}
          most={0}
          step={1}
          text={(value) => `${value.toFixed(0)} dBFS`}
          set={(gate) => tune({ gate })}
        />
        <Slider
          name="region level"
          value={tuning.region.level}
          least={0}
          most={1}
          step={0.01}
          text={share}
          set={(level) => tune({ region: { level } })}
        />
      </fieldset>
      <ZoneList store={store} camera={camera} tune={tune} />
      {yaml?.fault && <p class="warning" role="alert">{yaml.fault}</p>}
      {yaml && yaml.text !== "" && (
        <div class="yaml">
          <h3>Changed lines of {yaml.file}</h3>
          <pre tabindex={0} aria-label="Changed lines of YAML">{yaml.text}</pre>
          <div class="actions">
            <button type="button" onClick={() => void navigator.clipboard?.writeText(yaml.text)}>
              Copy
            </button>
            {yaml.editable && (
              <button
                type="button"
                class="primary"
                onClick={() => store.connection.send({ type: "save", pipeline: camera.name })}
              >
                Write to the file
              </button>
            )}
            <button
              type="button"
              onClick={() => {
                store.connection.send({ type: "reset", pipeline: camera.name });
                setResets(resets + 1);
              }}
            >
              Undo all
            </button>
          </div>
          {!yaml.editable && (
            <p class="hint">
              Start Whence with <code>--edit</code> to write them from here.
            </p>
          )}
        </div>
      )}
    </section>
  );
}

function KindSliders(
  { kind, tuning, tune }: {
    kind: HeadKind;
    tuning: KindTuning;
    tune: (change: Partial<KindTuning>) => void;
  },
) {
  return (
    <fieldset class={kind}>
      <legend>
        <span class={`kind ${kind}`}>{kind}</span>
      </legend>
      <Slider
        name="on"
        label={`${kind} on`}
        value={tuning.on}
        least={0}
        most={1}
        step={0.01}
        text={share}
        set={(on) => tune(tuning.off > on ? { on, off: on } : { on })}
      />
      <Slider
        name="off"
        label={`${kind} off`}
        value={tuning.off}
        least={0}
        most={1}
        step={0.01}
        text={share}
        set={(off) => tune(off > tuning.on ? { off, on: off } : { off })}
      />
      <Slider
        name="min_duration"
        label={`${kind} min_duration`}
        value={tuning.min_duration}
        least={0}
        most={2}
        step={0.01}
        text={milliseconds}
        set={(min_duration) => tune({ min_duration })}
      />
      <Slider
        name="merge_gap"
        label={`${kind} merge_gap`}
        value={tuning.merge_gap}
        least={0}
        most={3}
        step={0.01}
        text={milliseconds}
        set={(merge_gap) => tune({ merge_gap })}
      />
    </fieldset>
  );
}

interface SliderOptions {
  readonly name: string;
  readonly label?: string;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  readonly step: number;
  readonly text: (value: number) => string;
  readonly set: (value: number) => void;
}

/** How long a slider shows what the user has set before it shows what the server says, ms. */
const HELD_MS = 1500;

function Slider({ name, label = name, value, least, most, step, text, set }: SliderOptions) {
  const [held, setHeld] = useState<number>();
  useEffect(() => {
    if (held === undefined) return;
    // The server's answers to earlier positions must not move the slider under the user's hand.
    const timer = setTimeout(() => setHeld(undefined), HELD_MS);
    return () => clearTimeout(timer);
  }, [held]);
  const shown = held ?? value;
  return (
    <label class="slider">
      <span class="name">{name}</span>
      <input
        type="range"
        aria-label={label}
        aria-valuetext={text(shown)}
        min={least}
        max={Math.max(most, value)}
        step={step}
        value={shown}
        onInput={(event) => {
          const value = Number(event.currentTarget.value);
          setHeld(value);
          set(value);
        }}
      />
      <output>{text(shown)}</output>
    </label>
  );
}

const share = (value: number) => value.toFixed(2);
const milliseconds = (value: number) => `${Math.round(value * 1000)} ms`;
