import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { instrumentOfName, readPriceFile } from "./PriceFile.ts"

const directory = mkdtempSync(join(tmpdir(), "evenkeel-price-file-"))
const write = (name: string, content: string | Uint8Array) => {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}
const minute = 60_000
const start = 1_678_543_200_000

describe("readPriceFile", () => {
  it.effect("reads bars by their columns' names, known when they close, plain and gzip alike", () =>
    Effect.gen(function* () {
      const text = `volume,timestamp_ms,open,close,buy_volume\n5,${start},1,0.9991,2\n7.5,${start + minute},1,0.9992,\n,${start + 2 * minute},1,1,1\n`
      const plain = yield* readPriceFile(write("kraken-USDC-USD-1m.csv", text))
      const packed = yield* readPriceFile(write("kraken-USDC-USD-1m.csv.gz", gzipSync(text)))
      assert.deepStrictEqual([...plain.times], [start + minute, start + 2 * minute, start + 3 * minute])
      assert.deepStrictEqual([...plain.prices], [0.9991, 0.9992, 1])
      assert.deepStrictEqual([...plain.volumes], [5, 7.5, Number.NaN])
      assert.deepStrictEqual([...plain.buyVolumes], [2, Number.NaN, 1])
      assert.deepInclude(plain, { rows: 3, badRows: 0, stepMillis: minute, regular: true })
      assert.deepStrictEqual({ ...packed, file: "", sha256: "" }, { ...plain, file: "", sha256: "" })
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("leaves out and counts rows that cannot be read", () =>
    Effect.gen(function* () {
      const rows = [
        `${start},1`,
        "x,1",
        `${start + 1},`,
        `${start + 2},-1`,
        `${start + 3}`,
        `${start + 4},1e-1`,
        "",
        `${start + 5}x,1`,
        "0,1"
      ]
      const file = yield* readPriceFile(write("kraken-USDC-USD-rows.csv", `ts,price\n${rows.join("\n")}`))
      assert.deepStrictEqual([...file.times], [start, start + 4])
      assert.deepStrictEqual([...file.prices], [1, 0.1])
      assert.strictEqual(file.badRows, 6)
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("reads times with fractions, exponents and signs of a carriage return", () =>
    Effect.gen(function* () {
      const file = yield* readPriceFile(
        write("kraken-USDC-USD-times.csv", `ts,price\r\n${start}.5,1\r\n1.678543201e12,2\r\n${start + 2000},3\r\n`)
      )
      assert.deepStrictEqual([...file.times], [start + 0.5, start + 1000, start + 2000])
      assert.deepStrictEqual([...file.prices], [1, 2, 3])
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("puts rows in order of time, those of one time as they stand", () =>
    Effect.gen(function* () {
      const file = yield* readPriceFile(write("kraken-USDC-USD-order.csv", `ts,price\n3000,1\n1000,2\n3000,3\n2000,4\n`))
      assert.deepStrictEqual([...file.prices], [2, 4, 1, 3])
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("takes the commonest distance for the length of a bar, when more than half of the rows have it", () =>
    Effect.gen(function* () {
      const stepOf = (name: string, times: ReadonlyArray<number>) =>
        Effect.map(
          readPriceFile(write(`kraken-USDC-USD-${name}.csv`, `ts,close\n${times.map((time) => `${time},1`).join("\n")}\n`)),
          ({ regular, stepMillis }) => [stepMillis, regular] as const
        )
      assert.deepStrictEqual(yield* stepOf("gap", [1000, 2000, 3000, 9000, 10_000, 11_000]), [1000, true])
      assert.deepStrictEqual(yield* stepOf("irregular", [1000, 2000, 4000, 7000, 8000]), [0, false])
    }).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("says what is wrong with a file", () =>
    Effect.gen(function* () {
      const problem = (path: string) => Effect.map(Effect.flip(readPriceFile(path)), (error) => error.problem)
      assert.include(yield* problem(write("notes.csv", "ts,price\n1,1\n")), "venue-BASE-QUOTE")
      assert.include(yield* problem(write("kraken-USDC-USD-columns.csv", "when,what\n1,1\n")), "it has when, what")
      assert.include(yield* problem(write("kraken-USDC-USD-cut.csv.gz", gzipSync("ts,price\n1,1\n").subarray(0, 20))), "gzip")
    }).pipe(Effect.provide(NodeServices.layer))
  )
})

describe("instrumentOfName", () => {
  it("reads venue and pair out of a file's name", () => {
    assert.deepStrictEqual(instrumentOfName("/x/chainlink-arbitrum-USDC-USD-2023.csv.gz"), {
      venue: "chainlink-arbitrum",
      symbol: "USDC-USD",
      base: "USDC",
      quote: "USD"
    })
    assert.isUndefined(instrumentOfName("usdc.csv"))
  })
})
