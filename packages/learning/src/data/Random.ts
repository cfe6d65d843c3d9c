/**
 * Chance that repeats: the same seed gives the same numbers on every machine.
 * Source: D. Blackman and S. Vigna, xoshiro128**, 2018, seeded by splitmix32.
 */
export class Random {
  readonly #state = new Uint32Array(4)

  constructor(seed: number) {
    let x = seed >>> 0
    for (let i = 0; i < 4; i++) {
      x = (x + 0x9e3779b9) >>> 0
      let z = x
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      this.#state[i] = z ^ (z >>> 15)
    }
  }

  #next(): number {
    const s = this.#state
    const five = Math.imul(s[1]!, 5)
    const result = Math.imul((five << 7) | (five >>> 25), 9) >>> 0
    const shifted = s[1]! << 9
    s[2]! ^= s[0]!
    s[3]! ^= s[1]!
    s[1]! ^= s[2]!
    s[0]! ^= s[3]!
    s[2]! ^= shifted
    s[3] = (s[3]! << 11) | (s[3]! >>> 21)
    return result
  }

  /** At least 0 and below 1. */
  uniform(): number {
    return this.#next() / 2 ** 32
  }

  /** A whole number below `bound`. */
  below(bound: number): number {
    return Math.floor(this.uniform() * bound)
  }

  /** Standard normal. Box and Muller, 1958. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform())
  }

  /** Puts the first `count` places in random order, each drawn from all that follow. Fisher and Yates, 1938. */
  shuffle(values: Uint32Array | Int32Array | Uint16Array | Uint8Array, count = values.length): void {
    for (let i = 0; i < count && i < values.length - 1; i++) {
      const other = i + this.below(values.length - i)
      const kept = values[i]!
      values[i] = values[other]!
      values[other] = kept
    }
  }
}
