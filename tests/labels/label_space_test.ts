import assert from "node:assert/strict";
import fc from "fast-check";
import { NameScorer, project, type Prototype } from "../../src/labels/label_space.ts";
import { codeAt, madeSpace, normals } from "./made_space.ts";

const BETWEEN = [9, 4, 2, 1];
const coordinate = fc.double({ min: -6, max: 6, noNaN: true });
const coordinates = fc.array(coordinate, { minLength: 4, maxLength: 4 });
const prototype: fc.Arbitrary<Prototype> = fc.record({
  name: fc.constantFrom("cup", "dog", "owl", "saw"),
  center: coordinates,
  examples: fc.integer({ min: 1, max: 10 }),
});

const logNormal = (value: number, mean: number, variance: number) =>
  -((value - mean) ** 2) / (2 * variance) - Math.log(variance) / 2;

/** The probabilities by their definition, from densities. */
function byDefinition(prototypes: readonly Prototype[], at: readonly number[]) {
  const density = (mean: (d: number) => number, variance: (d: number) => number) =>
    Math.exp(at.reduce((sum, value, d) => sum + logNormal(value, mean(d), variance(d)), 0));
  const unknown = density(() => 0, (d) => 1 + BETWEEN[d]);
  const known = prototypes.map(({ center, examples }) =>
    density(
      (d) => examples * BETWEEN[d] / (examples * BETWEEN[d] + 1) * center[d],
      (d) => 1 + BETWEEN[d] / (examples * BETWEEN[d] + 1),
    ) / prototypes.length
  );
  const total = unknown + known.reduce((sum, value) => sum + value, 0);
  const found: Record<string, number> = {};
  prototypes.forEach(({ name }, i) => found[name] = (found[name] ?? 0) + known[i] / total);
  return found;
}

Deno.test("a code's coordinates depend on its direction alone", () => {
  const space = madeSpace(BETWEEN);
  const near = (found: ArrayLike<number> | undefined, wanted: readonly number[]) =>
    wanted.forEach((value, d) => assert.ok(Math.abs(found![d] - value) < 0.01));
  near(project(space, codeAt([1, -2, 3, 0.5])), [1, -2, 3, 0.5]);
  near(project(space, codeAt([1, -2, 3, 0.5], 40)), [1, -2, 3, 0.5]);
  assert.equal(project(space, new Float32Array(5)), undefined);
  assert.equal(project(space, Float32Array.of(NaN, 0, 0, 0, 0)), undefined);
});

Deno.test("probabilities are those of the densities, whatever names and examples there are", () => {
  fc.assert(
    fc.property(fc.array(prototype, { maxLength: 6 }), coordinates, (prototypes, at) => {
      const found = new NameScorer(madeSpace(BETWEEN), prototypes).probabilities(codeAt(at));
      const wanted = byDefinition(prototypes, at);
      assert.deepEqual(new Set(found.keys()), new Set(Object.keys(wanted)));
      let sum = 0;
      for (const [name, score] of found) {
        assert.ok(Math.abs(score - wanted[name]) < 0.02, `${name}: ${score}, ${wanted[name]}`);
        assert.ok(score >= 0 && score <= 1);
        sum += score;
      }
      assert.ok(sum <= 1 + 1e-9);
    }),
    { numRuns: 60 },
  );
});

Deno.test("scores are probabilities: of labels that score p, a share p is right", () => {
  const next = normals(7);
  const draw = (center?: readonly number[]) =>
    BETWEEN.map((variance, d) => center ? center[d] + next() : Math.sqrt(variance) * next());
  for (const examples of [1, 5]) {
    const bins = Array.from({ length: 5 }, () => ({ count: 0, said: 0, right: 0 }));
    for (let world = 0; world < 60; world++) {
      const centers = Array.from({ length: 6 }, () => draw());
      const prototypes = centers.map((center, i) => {
        const drawn = Array.from({ length: examples }, () => draw(center));
        const mean = BETWEEN.map((_, d) => drawn.reduce((sum, one) => sum + one[d], 0) / examples);
        return { name: String(i), center: mean, examples };
      });
      const scorer = new NameScorer(madeSpace(BETWEEN), prototypes);
      for (let turn = 0; turn < 40; turn++) {
        const truth = turn % 2 ? undefined : Math.floor(turn / 2) % 6;
        const at = draw(truth === undefined ? draw() : centers[truth]);
        for (const [name, score] of scorer.probabilities(codeAt(at))) {
          const bin = bins[Math.min(4, Math.floor(score * 5))];
          bin.count++;
          bin.said += score;
          bin.right += name === String(truth) ? 1 : 0;
        }
      }
    }
    for (const { count, said, right } of bins) {
      assert.ok(count > 50);
      const [mean, share] = [said / count, right / count];
      const error = Math.sqrt(Math.max(mean * (1 - mean), 0.01) / count);
      assert.ok(Math.abs(mean - share) < 4 * error, `${examples}: ${mean} said, ${share} right`);
    }
  }
});

Deno.test("more names make each one less probable, more odds of unknown all of them", () => {
  const at = [4, 0, 0, 0];
  const cup = { name: "cup", center: at, examples: 3 };
  const far = Array.from(
    { length: 50 },
    (_, i) => ({ name: `${i}`, center: [-6, 6, 6, i % 2], examples: 3 }),
  );
  const score = (prototypes: readonly Prototype[], unknown = 0) =>
    new NameScorer(madeSpace(BETWEEN, { unknown }), prototypes).probabilities(codeAt(at)).get(
      "cup",
    )!;
  assert.ok(score([cup]) > score([cup, ...far]));
  assert.ok(score([cup]) > score([cup], 2));
  assert.ok(score([cup, cup]) > 0.99 * score([cup]), "the same name twice is one name");
});
