/** Price files of markets that never were, for tests of what reads them. */
import { Random } from "@evenkeel/learning/data/Random"
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

const minute = 60_000
export const startsAt = Date.UTC(2030, 0, 7)

export interface MadeFile {
  /** `folder/venue-BASE-QUOTE-….csv` */
  readonly name: string
  /** Of its first row, after `startsAt`. */
  readonly fromMinute?: number
  readonly minutes: number
  readonly stepMinutes?: number
  /** Distance from the peg, bps, at a minute after the first row. */
  readonly valueBps: (minute: number) => number
  readonly noiseBps?: number
}

/** A slide to `depth` bps from `begins` on over `lasts` minutes, which stands for as long and comes back as slowly. */
export const slide = (begins: number, lasts: number, depth: number) => (at: number) => {
  const rise = (at - begins) / lasts
  if (rise <= 0 || rise >= 3) return 0
  return depth * (rise < 1 ? rise : rise < 2 ? 1 : 3 - rise)
}

/** Writes the files into a new directory and returns it. */
export const writePriceFiles = (files: ReadonlyArray<MadeFile>, seed = 1): string => {
  const directory = mkdtempSync(join(tmpdir(), "evenkeel-prices-"))
  for (const { fromMinute = 0, minutes, name, noiseBps = 0.5, stepMinutes = 1, valueBps } of files) {
    const random = new Random(seed)
    const lines = ["timestamp_ms,open,high,low,close,volume"]
    for (let at = 0; at < minutes; at += stepMinutes) {
      const price = (1 + (valueBps(at) + noiseBps * random.normal()) / 1e4).toFixed(6)
      lines.push(
        `${startsAt + (fromMinute + at) * minute},${price},${price},${price},${price},${Math.round(50_000 * (0.5 + random.uniform()))}`
      )
    }
    const path = join(directory, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `${lines.join("\n")}\n`)
  }
  return directory
}
