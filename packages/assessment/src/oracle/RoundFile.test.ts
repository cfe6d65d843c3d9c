import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { parseRounds, readRoundFile } from "./RoundFile.ts"

describe("parseRounds", () => {
  it("keeps answers of zero and below, and the order of the file", () => {
    assert.deepStrictEqual(parseRounds("round,timestamp_ms,price\n7,1700000000000,1.0\n6,1699999999000,-1\r\n8,1700000001000,0\n"), {
      rounds: [
        { id: "7", updatedAt: 1_700_000_000_000, price: 1 },
        { id: "6", updatedAt: 1_699_999_999_000, price: -1 },
        { id: "8", updatedAt: 1_700_000_001_000, price: 0 }
      ],
      badRows: 0
    })
  })

  it("leaves out and counts rows that cannot be read", () => {
    const text = "ts,price\nx,1\n1700000000000,\n1700000000000\n1700000000000,1,2\n1700000000000,nan\n1700000000000,1\n"
    assert.deepStrictEqual(parseRounds(text), { rounds: [{ id: undefined, updatedAt: 1_700_000_000_000, price: 1 }], badRows: 5 })
  })

  it("says what is wrong with a file that is of no use", () => {
    assert.include(parseRounds("time,price\n1,1"), "needs a column timestamp_ms")
    assert.include(parseRounds("ts,price\n"), "no round")
    assert.include(parseRounds("ts,price\n1700000000,1\n"), "in seconds")
    assert.include(parseRounds(""), "needs a column")
  })
})

describe("readRoundFile", () => {
  it.effect("reads plain and packed files, and refuses broken ones with their name", () =>
    Effect.gen(function* () {
      const directory = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "evenkeel-"))),
        (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true }))
      )
      const text = "ts,price\n1700000000000,1\n"
      writeFileSync(join(directory, "a.csv"), text)
      writeFileSync(join(directory, "b.csv.gz"), gzipSync(text))
      writeFileSync(join(directory, "c.csv.gz"), gzipSync(text).subarray(0, 20))
      writeFileSync(join(directory, "d.csv.gz"), gzipSync(Buffer.alloc(17 << 20)))
      assert.deepStrictEqual(yield* readRoundFile(join(directory, "a.csv")), yield* readRoundFile(join(directory, "b.csv.gz")))
      for (const name of ["c.csv.gz", "d.csv.gz", "e.csv"])
        assert.include((yield* Effect.flip(readRoundFile(join(directory, name)))).message, name)
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
