import type { WhenceEvent } from "../../events/event.ts";
import type { Description } from "../../telemetry/topics.ts";
import type { WireTopics } from "../wire.ts";

const SIZE = 120;
const RADIUS = 96;
const CENTER = [SIZE, SIZE - 12] as const;

/** The camera's field of view from above, with the directions of what is heard. */
export function BearingFan(
  { description, step, active }: {
    description: Description;
    step: WireTopics["step"] | undefined;
    active: readonly WhenceEvent[];
  },
) {
  const { optics, fit } = description;
  const left = Math.atan2(optics!.cx, optics!.fx);
  const right = -Math.atan2(fit.sourceWidth - optics!.cx, optics!.fx);
  const rays = active.flatMap(({ kind, bearing, head }) => {
    const x = step?.heads[head]?.active ? step.heads[head].peak[0] : undefined;
    // The peak of the shown moment is newer than the event's last message.
    const azimuth = x === undefined
      ? bearing?.azimuth
      : Math.atan2(optics!.cx - x * fit.sourceWidth, optics!.fx);
    return azimuth === undefined ? [] : [{ kind, azimuth }];
  });
  const text = rays.map(({ kind, azimuth }) => `${kind} ${degrees(azimuth)}`).join(", ");
  return (
    <div class="fan" aria-label={`Bearing: ${text || "nothing is heard"}`} role="img">
      <svg viewBox={`0 0 ${2 * SIZE} ${SIZE}`} aria-hidden="true">
        <path
          class="view"
          d={`M ${CENTER.join(" ")} L ${point(left)} A ${RADIUS} ${RADIUS} 0 0 1 ${point(right)} Z`}
        />
        {rays.map(({ kind, azimuth }) => (
          <path key={kind} class={`ray ${kind}`} d={`M ${CENTER.join(" ")} L ${point(azimuth)}`} />
        ))}
      </svg>
      <div class="degrees" aria-hidden="true">
        {rays.map(({ kind, azimuth }) => <span key={kind} class={kind}>{degrees(azimuth)}</span>)}
      </div>
    </div>
  );
}

/** Left is positive, as in the events. */
function point(azimuth: number): string {
  const x = CENTER[0] - RADIUS * Math.sin(azimuth);
  const y = CENTER[1] - RADIUS * Math.cos(azimuth);
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}

function degrees(radians: number): string {
  return `${(radians * 180 / Math.PI).toFixed(0)}°`;
}
