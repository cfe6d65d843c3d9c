/** Looks for the options under which a model does best: every combination, or those that a model of the past trials finds promising. */
import { Random } from "../data/Random.ts"

/** A dimension of the search: a few values, or a range (`log` when its ends are orders of magnitude apart). */
export type Dimension =
  | { readonly values: ReadonlyArray<number> }
  | { readonly from: number; readonly to: number; readonly log?: boolean; readonly whole?: boolean }
export type Space = Readonly<Record<string, Dimension>>
export type Point = Readonly<Record<string, number>>
export interface Trial {
  readonly point: Point
  /** Higher is better. */
  readonly score: number
}

/** Every combination of the values, in order. Ranges have no end and are refused. */
export const grid = (space: Readonly<Record<string, { readonly values: ReadonlyArray<number> }>>): ReadonlyArray<Point> =>
  Object.entries(space).reduce<ReadonlyArray<Point>>(
    (points, [name, { values }]) => points.flatMap((point) => values.map((value) => ({ ...point, [name]: value }))),
    [{}]
  )

const startTrials = 8
const goodShare = 0.25
const candidates = 24

const draw = (dimension: Dimension, random: Random): number => {
  if ("values" in dimension) return dimension.values[random.below(dimension.values.length)]!
  const { from, log = false, to } = dimension
  return bounded(dimension, log ? Math.exp(Math.log(from) + random.uniform() * Math.log(to / from)) : from + random.uniform() * (to - from))
}

const bounded = (dimension: Extract<Dimension, { from: number }>, value: number): number => {
  const inside = Math.max(dimension.from, Math.min(dimension.to, value))
  return dimension.whole === true ? Math.round(inside) : inside
}

/** How likely `value` is among `past`: Gaussians around each and a flat prior; of a list, frequencies with one of each added. */
const density = (dimension: Dimension, past: ReadonlyArray<number>, value: number): number => {
  if ("values" in dimension) {
    return (past.filter((each) => each === value).length + 1) / (past.length + dimension.values.length)
  }
  const place = (each: number) =>
    dimension.log === true
      ? Math.log(each / dimension.from) / Math.log(dimension.to / dimension.from)
      : (each - dimension.from) / (dimension.to - dimension.from)
  const width = Math.max(0.05, 0.5 / Math.sqrt(past.length + 1))
  const at = place(value)
  const kernels = past.reduce((sum, each) => sum + Math.exp(-0.5 * ((at - place(each)) / width) ** 2) / (width * Math.sqrt(2 * Math.PI)), 1)
  return kernels / (past.length + 1)
}

/** A value near one of `past`, or anywhere. */
const drawNear = (dimension: Dimension, past: ReadonlyArray<number>, random: Random): number => {
  if ("values" in dimension) {
    return random.below(past.length + dimension.values.length) < past.length ? past[random.below(past.length)]! : draw(dimension, random)
  }
  const chosen = random.below(past.length + 1)
  if (chosen === past.length) return draw(dimension, random)
  const width = Math.max(0.05, 0.5 / Math.sqrt(past.length + 1))
  const { from, log = false, to } = dimension
  const moved = random.normal() * width
  return bounded(dimension, log ? past[chosen]! * Math.exp(moved * Math.log(to / from)) : past[chosen]! + moved * (to - from))
}

/**
 * The next point to try after `trials`: the tree-structured Parzen estimator, dimension by dimension. Points that are likelier among the
 * best quarter of the trials than among the rest. Source: J. Bergstra et al., "Algorithms for Hyper-Parameter Optimization", 2011.
 */
export const nextPoint = (space: Space, trials: ReadonlyArray<Trial>, seed: number): Point => {
  const random = new Random(seed + trials.length)
  const names = Object.keys(space)
  const pointOf = (drawOne: (dimension: Dimension, name: string) => number): Point =>
    Object.fromEntries(names.map((name) => [name, drawOne(space[name]!, name)]))
  if (trials.length < startTrials) return pointOf((dimension) => draw(dimension, random))
  const ranked = [...trials].sort((a, b) => b.score - a.score)
  const best = ranked.slice(0, Math.max(2, Math.ceil(goodShare * ranked.length)))
  const rest = ranked.slice(best.length)
  const valuesOf = (some: ReadonlyArray<Trial>, name: string) => some.map(({ point }) => point[name]!)
  const promise = (point: Point) =>
    names.reduce(
      (sum, name) =>
        sum +
        Math.log(density(space[name]!, valuesOf(best, name), point[name]!)) -
        Math.log(density(space[name]!, valuesOf(rest, name), point[name]!)),
      0
    )
  const drawn = Array.from({ length: candidates }, () => pointOf((dimension, name) => drawNear(dimension, valuesOf(best, name), random)))
  return drawn.reduce((chosen, point) => (promise(point) > promise(chosen) ? point : chosen))
}

/** Tries `count` points one after the other and returns all trials, best first. */
export const searchBest = (space: Space, count: number, seed: number, scoreOf: (point: Point) => number): ReadonlyArray<Trial> => {
  const trials: Array<Trial> = []
  while (trials.length < count) {
    const point = nextPoint(space, trials, seed)
    trials.push({ point, score: scoreOf(point) })
  }
  return trials.sort((a, b) => b.score - a.score)
}
