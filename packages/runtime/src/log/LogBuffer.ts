/**
 * Lines that wait to be written, oldest first. Full, it gives up the oldest line of the lowest level that there is, and counts it: debugging goes before
 * information, and errors go last.
 */
interface Line {
  readonly severity: number
  readonly text: string
}

export class LogBuffer {
  readonly #linesMax: number
  readonly #lines: Array<Line> = []
  /** Waiting lines by severity. */
  readonly #waiting = new Map<number, number>()
  #dropped = 0

  constructor(linesMax: number) {
    this.#linesMax = linesMax
  }

  push(severity: number, text: string): void {
    if (this.#lines.length >= this.#linesMax) {
      this.#dropped++
      const lowest = Math.min(...this.#waiting.keys())
      if (severity < lowest) return
      const at = this.#lines.findIndex((line) => line.severity === lowest)
      this.#forget(this.#lines[at]!)
      this.#lines.splice(at, 1)
    }
    this.#lines.push({ severity, text })
    this.#waiting.set(severity, (this.#waiting.get(severity) ?? 0) + 1)
  }

  /** Up to so many lines, which wait no longer. */
  take(linesMax: number): ReadonlyArray<string> {
    const taken = this.#lines.splice(0, linesMax)
    taken.forEach((line) => this.#forget(line))
    return taken.map(({ text }) => text)
  }

  /** How many lines were given up since the last call. */
  takeDropped(): number {
    const dropped = this.#dropped
    this.#dropped = 0
    return dropped
  }

  get size(): number {
    return this.#lines.length
  }

  #forget({ severity }: Line): void {
    const left = this.#waiting.get(severity)! - 1
    if (left === 0) this.#waiting.delete(severity)
    else this.#waiting.set(severity, left)
  }
}
