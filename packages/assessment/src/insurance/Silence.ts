/** Which coins of covers have given no reading for long: a cover is blind then, and each minute of it a gap. Plain code. */
import { periodOf, type Terms } from "./Terms.ts"

/** Some minutes without a reading are what `gapMinutesMax` is for. */
export const silentMillisMax = 10 * 60_000

export class Silence {
  /** The market's time, Unix ms. */
  readonly #now: () => number
  readonly #since: number
  readonly #heardAt = new Map<string, number>()
  readonly #silent = new Set<string>()

  constructor(now: () => number) {
    this.#now = now
    this.#since = now()
  }

  /** A reading of the coin was taken. */
  heard(coin: string): void {
    this.#heardAt.set(coin, this.#now())
  }

  /** What there is to say of coins since the last look: a problem, or none any more (empty). `open`: terms that still need readings. */
  look(open: ReadonlyArray<Terms>): ReadonlyArray<{ readonly coin: string; readonly problem: string }> {
    const now = this.#now()
    const longest = new Map<string, number>()
    for (const terms of open) {
      const { from, until } = periodOf(terms)
      const silent = now > until ? 0 : now - Math.max(from, this.#heardAt.get(terms.coin) ?? this.#since)
      if (silent >= silentMillisMax) longest.set(terms.coin, Math.max(silent, longest.get(terms.coin) ?? 0))
    }
    const over = [...this.#silent].filter((coin) => !longest.has(coin))
    for (const coin of over) this.#silent.delete(coin)
    for (const coin of longest.keys()) this.#silent.add(coin)
    return [
      ...over.map((coin) => ({ coin, problem: "" })),
      ...[...longest].map(([coin, millis]) => ({
        coin,
        problem: `no reading of ${coin} was taken for ${Math.floor(millis / 60_000)} minutes: to covers each of them is a gap`
      }))
    ]
  }
}
