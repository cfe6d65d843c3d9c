import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { tmpdir } from "node:os"
import { makeProcessNumbers } from "./ProcessNumbers.ts"

describe("ProcessNumbers", () => {
  it.live("tells what the process uses, and nothing of a disk that is not there", () =>
    Effect.gen(function* () {
      const look = yield* makeProcessNumbers(tmpdir())
      const first = yield* look
      const began = performance.now()
      while (performance.now() - began < 50);
      const second = yield* look
      assert.isAbove(second.cpuUserSeconds + second.cpuSystemSeconds, first.cpuUserSeconds + first.cpuSystemSeconds)
      assert.isAbove(second.cpuShare, 0.1)
      assert.isAbove(second.loopUtilization, 0.5, "this loop was busy")
      assert.isAbove(second.residentBytes, second.heapUsedBytes)
      const disk = yield* Effect.yieldNow.pipe(
        Effect.andThen(look),
        Effect.repeat({ until: ({ diskFreeBytes }) => diskFreeBytes !== null })
      )
      assert.isAbove(disk.diskFreeBytes ?? 0, 0)
      assert.deepStrictEqual(
        second.collections.map(({ kind }) => kind),
        ["minor", "major", "incremental", "weak callbacks"]
      )
      const elsewhere = yield* makeProcessNumbers("/nowhere/at/all")
      assert.isNull((yield* elsewhere).diskFreeBytes)
    }).pipe(Effect.scoped)
  )
})
