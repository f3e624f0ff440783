import { type Figure, median } from "../report.ts";
import { caseText, type PeerCase } from "./cases.ts";
import type { Pair, Run } from "./kept_runs.ts";

export const LOOKAHEAD_MS = 200;

/** A case and what was measured of it. */
export interface Measured {
  readonly measuredCase: PeerCase;
  readonly pairs: readonly Pair[];
}

interface Quantity {
  readonly name: string;
  readonly unit: string;
  readonly digits: number;
  readonly of: (runs: readonly Run[]) => number;
}

const middle = (value: (run: Run) => number | undefined) => (runs: readonly Run[]) =>
  median(runs.map(value).filter((v) => v !== undefined));

/** Less lookahead, over all runs. */
const quantile =
  (share: number, values: (run: Run) => readonly number[]) => (runs: readonly Run[]) => {
    const sorted = runs.flatMap(values).toSorted((a, b) => a - b);
    return (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN) - LOOKAHEAD_MS;
  };

const COST: readonly Quantity[] = [
  { name: "CPU", unit: "s", digits: 2, of: middle(({ cpu }) => cpu) },
  { name: "RSS", unit: "MB", digits: 0, of: middle(({ rssMb }) => rssMb) },
  { name: "PSS", unit: "MB", digits: 0, of: middle(({ pssMb }) => pssMb) },
  { name: "private", unit: "MB", digits: 0, of: middle(({ privateMb }) => privateMb) },
  { name: "in place", unit: "", digits: 0, of: middle(({ inPlace }) => inPlace) },
  {
    name: "other events",
    unit: "",
    digits: 0,
    of: middle(({ spurious, found, inPlace }) => spurious + found - inPlace),
  },
];

const TIMES: readonly Quantity[] = [
  { name: "start", unit: "s", digits: 2, of: middle(({ startUp }) => startUp) },
  ...(["latenciesMs", "processingMs"] as const).flatMap((key) =>
    [0.5, 0.95].map((share): Quantity => ({
      name: `${key === "latenciesMs" ? "onset" : "newest step"} p${share * 100}`,
      unit: "ms",
      digits: 0,
      of: quantile(share, (run) => run[key]),
    }))
  ),
];

/** All figures with Python's as baseline; those of the time a message takes only at live pace. */
export function figuresOf({ measuredCase, pairs }: Measured): Figure[] {
  const quantities = measuredCase.pace === "live" ? [...COST, ...TIMES] : COST;
  return quantities.map(({ name, unit, of }) => ({
    what: `${caseText(measuredCase)}: ${name}`,
    value: of(pairs.map(({ whence }) => whence)),
    unit,
    baseline: { what: "Python", value: of(pairs.map(({ python }) => python)) },
  })).filter(({ value, baseline }) => Number.isFinite(value) && Number.isFinite(baseline.value));
}

/** Both tables as Markdown; a cell is Whence's figure / Python's. */
export function tablesText(measured: readonly Measured[]): string {
  const live = measured.filter(({ measuredCase }) => measuredCase.pace === "live");
  return [
    "Whence / Python; memory is the largest of a run:",
    table(measured, COST, true),
    ...(live.length === 0 ? [] : [
      "From process start to clip start; from the onset of a true sound, and from the end of the newest time step used, to the " +
      "event's first message at a subscriber, less lookahead:",
      table(live, TIMES, false),
    ]),
  ].join("\n\n");
}

function table(
  measured: readonly Measured[],
  quantities: readonly Quantity[],
  ratio: boolean,
): string {
  const [first, ...rest] = quantities;
  const title = ({ name, unit }: Quantity) => (unit === "" ? name : `${name}, ${unit}`);
  const header = [
    "clip, cameras × pace",
    title(first),
    ...(ratio ? ["ratio"] : []),
    ...rest.map(title),
  ];
  const rows = measured.map(({ measuredCase, pairs }) => {
    const values = ({ of }: Quantity) =>
      [of(pairs.map(({ whence }) => whence)), of(pairs.map(({ python }) => python))] as const;
    const cell = (quantity: Quantity) =>
      values(quantity).map((value) => Number.isFinite(value) ? value.toFixed(quantity.digits) : "–")
        .join(" / ");
    const [own, peer] = values(first);
    return [
      caseText(measuredCase),
      cell(first),
      ...(ratio ? [(own / peer).toFixed(2)] : []),
      ...rest.map(cell),
    ];
  });
  return [header, header.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
}
