/** Finds the price files of a directory and groups those that the engine would have seen at the same time into markets. */
import { coinOf } from "@evenkeel/domain/coin/Coin"
import { Effect, FileSystem, Path, Schema } from "effect"
import { instrumentOfName, type PriceFile, readPriceFile } from "./PriceFile.ts"

/** Files that are played together: of one directory, with bars of one length, and overlapping in time. */
export interface Market {
  /** Directory and length of the bars: `usdc-2023-03 1m`. */
  readonly name: string
  readonly files: ReadonlyArray<PriceFile>
  readonly stepMillis: number
}

export class NoPriceFiles extends Schema.TaggedError<NoPriceFiles>()("NoPriceFiles", { directory: Schema.String }) {
  override get message() {
    return `${this.directory}: holds no price files; they are named venue-BASE-QUOTE-….csv or .csv.gz, and may lie in directories below it`
  }
}

/** Every price file under `directory`, by path. Files of another form are left out with a warning. */
export const readPriceFiles = Effect.fn("readPriceFiles")(function* (directory: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const names = yield* fileSystem.readDirectory(directory, { recursive: true })
  const candidates = names.filter((name) => /\.csv(\.gz)?$/.test(name) && instrumentOfName(name) !== undefined).sort()
  const files = yield* Effect.forEach(candidates, (name) =>
    readPriceFile(path.join(directory, name)).pipe(
      Effect.map((file) => [{ ...file, file: name }]),
      Effect.catchTag("PriceFileUnreadable", (error) =>
        Effect.as(Effect.logWarning("a file is left out", { file: name, problem: error.problem }), [])
      )
    )
  )
  const read = files.flat().filter(({ rows }) => rows > 0)
  if (read.length === 0) return yield* new NoPriceFiles({ directory })
  return read
})

/** Files about a stablecoin; the rest are context. */
export const isAboutCoin = ({ instrument }: PriceFile): boolean => coinOf(instrument.base) !== undefined

/** An oracle's rounds come irregularly, hours apart, and say little about calm time: they are judged apart. */
export const isOracle = ({ regular, stepMillis }: PriceFile): boolean => stepMillis === 0 && !regular
export const isOracleMarket = ({ files }: Market): boolean => files.some(isOracle)

const folderOf = (file: string): string => file.split("/").slice(0, -1).join("/") || "."

const stepName = (stepMillis: number): string =>
  stepMillis === 0 ? "rounds" : stepMillis >= 3_600_000 ? `${stepMillis / 3_600_000}h` : `${stepMillis / 60_000}m`

const overlap = (a: PriceFile, b: PriceFile): boolean => a.times[0]! < b.times.at(-1)! && b.times[0]! < a.times.at(-1)!

export const marketsOf = (files: ReadonlyArray<PriceFile>): ReadonlyArray<Market> => {
  const markets: Array<Array<PriceFile>> = []
  for (const file of files) {
    const together = markets.filter((market) =>
      market.some((other) => folderOf(other.file) === folderOf(file.file) && other.stepMillis === file.stepMillis && overlap(other, file))
    )
    for (const market of together) markets.splice(markets.indexOf(market), 1)
    markets.push([...together.flat(), file])
  }
  return markets
    .filter((market) => market.some(isAboutCoin))
    .map((market) => ({
      name: `${folderOf(market[0]!.file)} ${stepName(market[0]!.stepMillis)}`,
      files: market,
      stepMillis: market[0]!.stepMillis
    }))
}
