/** How far a figure may be off, when what repeats is the event and not the row: whole groups are drawn again and again. */
import { Random } from "../data/Random.ts"

export interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}

/**
 * `figureOf` on all rows, and the 5th and 95th percentile of it over `rounds` draws of groups with repetition. NaN figures of a draw (one
 * without positives) are left out. Source: B. Efron 1979; groups as in Davison and Hinkley 1997, 3.8.
 */
export const bootstrapGroups = (
  groups: ArrayLike<number>,
  figureOf: (rows: Uint32Array) => number,
  options: { readonly rounds: number; readonly seed: number }
): Interval => {
  const byGroup = new Map<number, Array<number>>()
  for (let row = 0; row < groups.length; row++) {
    const rows = byGroup.get(groups[row]!) ?? []
    rows.push(row)
    byGroup.set(groups[row]!, rows)
  }
  const members = [...byGroup.values()]
  const random = new Random(options.seed)
  const figures: Array<number> = []
  for (let round = 0; round < options.rounds; round++) {
    const drawn: Array<number> = []
    for (let i = 0; i < members.length; i++) for (const row of members[random.below(members.length)]!) drawn.push(row)
    const figure = figureOf(Uint32Array.from(drawn))
    if (!Number.isNaN(figure)) figures.push(figure)
  }
  figures.sort((a, b) => a - b)
  const at = (share: number) => figures[Math.min(figures.length - 1, Math.floor(share * figures.length))] ?? Number.NaN
  return { value: figureOf(Uint32Array.from({ length: groups.length }, (_, row) => row)), low: at(0.05), high: at(0.95) }
}
