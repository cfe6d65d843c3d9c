import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Scope } from "effect"
import { memoryTarget } from "../../test/support/MemoryTarget.ts"
import { LogBuffer } from "./LogBuffer.ts"
import { severities } from "./LogRecord.ts"
import { makeLogWriter } from "./LogWriter.ts"

const { DEBUG, ERROR, INFO } = severities

/** Until other fibers have done what they can. */
const others = Effect.yieldNow.pipe(Effect.repeat({ times: 20 }))

const missing = (lines: number, problem: string | undefined) => `${lines} are missing: ${problem ?? "too many"}`

const setUp = Effect.gen(function* () {
  const target = memoryTarget()
  const lost: Array<number> = []
  const scope = yield* Scope.make()
  const writer = yield* makeLogWriter(target, { waitingMax: 4, missing, onLost: (lines) => lost.push(lines) }).pipe(
    Effect.provideService(Scope.Scope, scope)
  )
  return { target, lost, writer, end: Scope.close(scope, Exit.void) }
})

describe("a log's buffer", () => {
  it("gives up the oldest lines of the lowest level, and keeps the order of the others", () => {
    const buffer = new LogBuffer(3)
    buffer.push(INFO, "one")
    buffer.push(DEBUG, "two")
    buffer.push(ERROR, "three")
    buffer.push(INFO, "four")
    buffer.push(INFO, "five")
    // Nothing lower waits than it is itself.
    buffer.push(DEBUG, "six")
    assert.deepStrictEqual(buffer.take(10), ["three", "four", "five"])
    assert.strictEqual(buffer.takeDropped(), 3)
    assert.strictEqual(buffer.takeDropped(), 0)
    buffer.push(DEBUG, "seven")
    assert.deepStrictEqual(buffer.take(10), ["seven"])
  })
})

describe("a log's writer", () => {
  it.effect("lets nobody wait, and loses nothing at the end", () =>
    Effect.gen(function* () {
      const { end, target, writer } = yield* setUp
      const gate = yield* Deferred.make<void>()
      target.state.gate = Deferred.await(gate)
      writer.push(INFO, "one")
      yield* others
      writer.push(INFO, "two")
      assert.deepStrictEqual(target.lines(), [])
      yield* Effect.forkDetach(Deferred.succeed(gate, undefined))
      yield* end
      assert.deepStrictEqual(target.lines(), ["one", "two"])
    })
  )

  it.effect("says how many lines are missing where they are missing", () =>
    Effect.gen(function* () {
      const { end, lost, target, writer } = yield* setUp
      for (const line of ["a", "b", "c", "d", "e", "f"]) writer.push(INFO, line)
      yield* end
      assert.deepStrictEqual(target.lines(), [missing(2, undefined), "c", "d", "e", "f"])
      assert.deepStrictEqual(lost, [2])
    })
  )

  it.effect("goes on once a target that failed takes lines again", () =>
    Effect.gen(function* () {
      const { end, lost, target, writer } = yield* setUp
      target.state.problem = "no space left on device"
      writer.push(INFO, "one")
      yield* others
      writer.push(INFO, "two")
      yield* others
      target.state.problem = undefined
      writer.push(INFO, "three")
      yield* end
      assert.deepStrictEqual(target.lines(), [missing(2, "no space left on device"), "three"])
      assert.deepStrictEqual(lost, [1, 1])
    })
  )

  it.effect("writes what waits at once where the process ends without an end", () =>
    Effect.gen(function* () {
      const { end, target, writer } = yield* setUp
      const before = process.listeners("exit")
      const gate = yield* Deferred.make<void>()
      target.state.gate = Deferred.await(gate)
      writer.push(INFO, "one")
      yield* others
      for (const line of ["two", "three"]) writer.push(ERROR, line)
      // What the process calls when it ends.
      before.at(-1)!(1)
      assert.deepStrictEqual(target.lines(), ["one", "two", "three"])
      yield* Deferred.succeed(gate, undefined)
      yield* end
      assert.lengthOf(process.listeners("exit"), before.length - 1)
    })
  )
})
