/**
 * Benches: a claim, a baseline in the same run, and a bar.
 *
 * Variants are interleaved round by round in rotating order, so that a noisy machine is noisy for all of them; what counts is the median
 * of the rounds' ratios. A bench is run by hand or by `pnpm bench`, never by a test.
 */

export interface BenchResult {
  /** The row of the table that it fills. */
  readonly name: string
  readonly bar: string
  readonly measured: string
  readonly met: boolean
  /** Figures for `bench/results.json`. */
  readonly figures: Readonly<Record<string, number>>
}

export interface Bench {
  /** What `pnpm bench <filter>` matches, beside the file's name. */
  readonly name: string
  /** Takes minutes: run when its name is given, and not with all the others. */
  readonly byNameAlone?: boolean
  readonly run: () => Promise<ReadonlyArray<BenchResult>>
}

export interface Variant {
  /** Does `count` operations; returns the nanoseconds that they took if it measures itself. */
  readonly run: (count: number) => void | number | Promise<number>
  readonly count: number
}

export const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Nanoseconds an operation, by round, of each variant. */
export const interleave = async (
  variants: ReadonlyArray<Variant>,
  rounds = 15,
  warmUp = 3
): Promise<ReadonlyArray<ReadonlyArray<number>>> => {
  const times = variants.map((): Array<number> => [])
  for (let round = -warmUp; round < rounds; round++) {
    for (let turn = 0; turn < variants.length; turn++) {
      const index = (turn + round + warmUp) % variants.length
      const { count, run } = variants[index]!
      const began = process.hrtime.bigint()
      const own = await run(count)
      const nanos = typeof own === "number" ? own : Number(process.hrtime.bigint() - began)
      if (round >= 0) times[index]!.push(nanos / count)
    }
  }
  return times
}

/** Median over the rounds of how many times faster `times` is than `baseline`, with the middle half of the rounds. */
export const speedup = (baseline: ReadonlyArray<number>, times: ReadonlyArray<number>) => {
  const ratios = times.map((time, round) => baseline[round]! / time)
  return { median: quantile(ratios, 0.5), low: quantile(ratios, 0.25), high: quantile(ratios, 0.75) }
}

/** A row that asks for a ratio to its baseline. */
export const ratioRow = (
  name: string,
  bar: number,
  baseline: ReadonlyArray<number>,
  times: ReadonlyArray<number>,
  unit = "ns"
): BenchResult => {
  const { high, low, median } = speedup(baseline, times)
  const [own, other] = [quantile(times, 0.5), quantile(baseline, 0.5)]
  return {
    name,
    bar: `≥ ${bar}x`,
    measured: `${median.toFixed(1)}x (${low.toFixed(1)} to ${high.toFixed(1)}): ${own.toFixed(1)} against ${other.toFixed(1)} ${unit}`,
    met: median >= bar,
    figures: { ratio: median, own, baseline: other }
  }
}
