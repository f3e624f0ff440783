import type { HeadKind } from "../core/head_kind.ts";
import type { Thing } from "../model/things/thing_bank.ts";
import {
  coordinates,
  type LabelSpace,
  NameScorer,
  project,
  type Prototype,
} from "./label_space.ts";
import type { ModelLabels } from "./model_labels.ts";

/** One label of an event. */
export interface LabelScore {
  readonly name: string;
  /** Probability, 0..1. */
  readonly score: number;
}

/** Most labels of one event: with `min_score` 0, all names would be in each message. */
const MOST_LABELS = 10;

/** Which labels are given. */
export interface LabelRules {
  /** Labels below this probability are not given. */
  readonly min_score: number;
}

/** Names what is heard: compares the audio features of an event with those of examples. */
export class Labeler {
  readonly #scorers: ReadonlyMap<HeadKind, NameScorer>;
  readonly #rules: LabelRules;

  /**
   * @param labels of the model: without a space for a kind, nothing of this kind gets labels.
   * @param things names of the user, with one entry per example.
   */
  constructor(labels: ModelLabels, things: readonly Thing[], rules: LabelRules) {
    this.#rules = rules;
    const scorers = [...labels].map(([kind, { space, names }]) => {
      const own = names.map(({ name, examples, code }) => ({
        name,
        examples,
        center: coordinates(space, code),
      }));
      const added = prototypesOf(space, things.filter((thing) => thing.kind === kind));
      return [kind, new NameScorer(space, [...own, ...added])] as const;
    });
    this.#scorers = new Map(scorers);
  }

  /** Whether this name can be a label of something. */
  knows(name: string): boolean {
    return this.#scorers.values().some((scorer) => scorer.names.has(name));
  }

  /**
   * The labels of what is heard, most probable first: the best 10 of those that reach `min_score`.
   *
   * @param code a head's audio features, their sum or mean over time.
   */
  label(kind: HeadKind, code: Float32Array): LabelScore[] {
    const probabilities = this.#scorers.get(kind)?.probabilities(code) ?? new Map<string, number>();
    const { min_score: least } = this.#rules;
    const labels: LabelScore[] = [];
    for (const [name, probability] of probabilities) {
      // The sum of a name's prototypes is rounded, and can be just above 1.
      const score = Math.min(1, probability);
      if (score >= least) labels.push({ name, score });
    }
    return labels.sort((a, b) => b.score - a.score).slice(0, MOST_LABELS);
  }
}

/** One prototype per name, the mean of its examples. */
function prototypesOf(space: LabelSpace, things: readonly Thing[]): Prototype[] {
  const groups = Map.groupBy(things, ({ name }) => name);
  return [...groups].flatMap(([name, examples]) => {
    const places = examples.flatMap(({ code }) => project(space, code) ?? []);
    if (places.length === 0) return [];
    const center = Float64Array.from(
      space.between,
      (_, d) => places.reduce((sum, place) => sum + place[d], 0) / places.length,
    );
    return [{ name, center, examples: places.length }];
  });
}
