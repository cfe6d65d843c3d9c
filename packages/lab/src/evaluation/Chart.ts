/** Draws small charts as SVG text, without scripts, for a page that loads nothing. */
export interface Scale {
  readonly from: number
  readonly to: number
}

export const width = 760
const left = 54
const right = 12
const top = 10
const bottom = 24

/** Escapes text for HTML. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

export const place = ({ from, to }: Scale, low: number, high: number, value: number): number =>
  low + ((value - from) / (to - from || 1)) * (high - low)

export class Chart {
  readonly #parts: Array<string> = []
  readonly #x: Scale
  readonly #y: Scale
  readonly #width: number
  readonly #height: number

  constructor(x: Scale, y: Scale, size: { readonly width?: number; readonly height: number }) {
    this.#x = x
    this.#y = y
    this.#width = size.width ?? width
    this.#height = size.height
  }

  x(value: number): number {
    return place(this.#x, left, this.#width - right, value)
  }

  y(value: number): number {
    return place(this.#y, this.#height - bottom, top, Math.max(this.#y.from, Math.min(this.#y.to, value)))
  }

  #path(xs: ArrayLike<number>, ys: ArrayLike<number>): string {
    return Array.from(xs, (x, index) => `${index === 0 ? "M" : "L"}${this.x(x).toFixed(1)} ${this.y(ys[index]!).toFixed(1)}`).join("")
  }

  line(xs: ArrayLike<number>, ys: ArrayLike<number>, name: string): this {
    if (xs.length > 0) this.#parts.push(`<path class="${name}" d="${this.#path(xs, ys)}"/>`)
    return this
  }

  /** The area between two lines. */
  band(xs: ArrayLike<number>, low: ArrayLike<number>, high: ArrayLike<number>, name: string): this {
    const back = Array.from(xs, (x, index) => [x, low[index]!] as const).reverse()
    if (xs.length > 0) {
      this.#parts.push(
        `<path class="${name}" d="${this.#path(xs, high)}${back.map(([x, y]) => `L${this.x(x).toFixed(1)} ${this.y(y).toFixed(1)}`).join("")}Z"/>`
      )
    }
    return this
  }

  /** A coloured span over the whole height. */
  span(from: number, to: number, name: string, title: string): this {
    const a = Math.max(left, this.x(from))
    const b = Math.min(this.#width - right, this.x(to))
    if (b > a) {
      this.#parts.push(
        `<rect class="${name}" x="${a.toFixed(1)}" y="${top}" width="${(b - a).toFixed(1)}" height="${this.#height - bottom - top}"><title>${escaped(title)}</title></rect>`
      )
    }
    return this
  }

  /** A vertical line with a label at its top. */
  mark(at: number, name: string, word: string): this {
    const x = this.x(at).toFixed(1)
    this.#parts.push(
      `<line class="${name}" x1="${x}" x2="${x}" y1="${top}" y2="${this.#height - bottom}"/><text class="word" x="${x}" y="${top + 9}" dx="3">${escaped(word)}</text>`
    )
    return this
  }

  dots(xs: ArrayLike<number>, ys: ArrayLike<number>, name: string): this {
    for (let index = 0; index < xs.length; index++) {
      this.#parts.push(`<circle class="${name}" cx="${this.x(xs[index]!).toFixed(1)}" cy="${this.y(ys[index]!).toFixed(1)}" r="3"/>`)
    }
    return this
  }

  xTicks(values: ReadonlyArray<number>, word: (value: number) => string): this {
    for (const value of values) {
      this.#parts.push(
        `<text class="tick" text-anchor="middle" x="${this.x(value).toFixed(1)}" y="${this.#height - 8}">${escaped(word(value))}</text>`
      )
    }
    return this
  }

  yTicks(values: ReadonlyArray<number>, word: (value: number) => string = String): this {
    for (const value of values) {
      const y = this.y(value).toFixed(1)
      this.#parts.push(
        `<line class="grid" x1="${left}" x2="${this.#width - right}" y1="${y}" y2="${y}"/><text class="tick" text-anchor="end" x="${left - 6}" y="${y}" dy="3">${escaped(word(value))}</text>`
      )
    }
    return this
  }

  svg(label: string): string {
    return `<svg viewBox="0 0 ${this.#width} ${this.#height}" width="${this.#width}" height="${this.#height}" role="img" aria-label="${escaped(label)}">${this.#parts.join("")}</svg>`
  }
}

/** At most `count` round steps from `from` to `to`. */
export const ticksOf = ({ from, to }: Scale, count: number): ReadonlyArray<number> => {
  const rough = (to - from) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough)!
  const ticks: Array<number> = []
  for (let value = Math.ceil(from / step) * step; value <= to; value += step) ticks.push(Math.round(value * 1e6) / 1e6)
  return ticks
}
