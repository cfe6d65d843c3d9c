import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { allocateFrameRing, frameOffsets, FrameProducer } from "@evenkeel/runtime/ring/FrameRing"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Effect, FileSystem, Layer, PlatformError } from "effect"
import { TestClock } from "effect/testing"
import { framesOf, type JournalManifest } from "./JournalFormat.ts"
import { closedSegmentsIn, readJournal } from "./JournalReader.ts"
import { decodeSegmentHead, scanBlocks } from "./JournalFormat.ts"
import { MarketJournal } from "./MarketJournal.ts"

const manifest: JournalManifest = { startedAt: 0, barMillis: 60_000, coins: [], venues: ["kraken"], instruments: [] }
const layer = Supervisor.layer.pipe(Layer.provideMerge(HealthRegistry.layer), Layer.provideMerge(NodeServices.layer))
const inDirectory = Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped())

/** Appends `count` frames that hold their own number. */
const record = (journal: MarketJournal["Service"], from: number, count: number) => {
  const producer = new FrameProducer(allocateFrameRing(1 << 16))
  for (let n = from; n < from + count; n++) {
    const at = producer.claim(16)
    producer.float64[(at + frameOffsets.received) >> 3] = n
    producer.bytes.fill(n & 255, at + frameOffsets.payload, at + frameOffsets.payload + 16)
    producer.commit()
    journal.append(producer.bytes, at, producer.int32[at >> 2]!)
  }
}

const numbers = (file: string) =>
  Effect.map(readJournal(file), ({ blocks }) =>
    blocks.flatMap((block) => {
      const frames = framesOf(block)
      const view = new DataView(frames.buffer)
      const seen: Array<number> = []
      for (let at = 0; at < frames.length; at += view.getInt32(at, true)) seen.push(view.getFloat64(at + frameOffsets.received, true))
      return seen
    })
  )

describe("MarketJournal", () => {
  it.effect("gives back every frame in order, over several runs", () =>
    Effect.gen(function* () {
      const directory = yield* inDirectory
      for (const run of [0, 1]) {
        yield* Effect.gen(function* () {
          const journal = yield* MarketJournal
          record(journal, run * 1000, 300)
          yield* TestClock.adjust("2 seconds")
          yield* journal.flush
          record(journal, run * 1000 + 300, 10)
        }).pipe(Effect.provide(MarketJournal.layer({ directory, manifest })))
      }
      assert.deepStrictEqual(
        yield* numbers(`${directory}/000001.journal`),
        Array.from({ length: 310 }, (_, n) => n)
      )
      assert.deepStrictEqual(
        yield* numbers(`${directory}/000002.journal`),
        Array.from({ length: 310 }, (_, n) => 1000 + n)
      )
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("closes a segment after a day of the frames' time, and tells the closed ones from the newest", () =>
    Effect.gen(function* () {
      const directory = yield* inDirectory
      const day = 86_400_000
      yield* Effect.gen(function* () {
        const journal = yield* MarketJournal
        for (const first of [0, day - 50, day, day + 100, 2 * day + 1]) {
          record(journal, first, 10)
          yield* journal.flush
        }
      }).pipe(Effect.provide(MarketJournal.layer({ directory, manifest })))
      const firsts = (name: string) =>
        Effect.map(readJournal(`${directory}/${name}`), ({ blocks }) => blocks.map(({ firstReceived }) => firstReceived))
      const closed = yield* closedSegmentsIn(directory)
      assert.deepStrictEqual(
        closed.map(({ name }) => name),
        ["000001.journal", "000002.journal"]
      )
      assert.isTrue(closed.every(({ bytes }) => bytes > 100))
      assert.deepStrictEqual(yield* firsts("000001.journal"), [0, day - 50])
      assert.deepStrictEqual(yield* firsts("000002.journal"), [day, day + 100])
      assert.deepStrictEqual(yield* firsts("000003.journal"), [2 * day + 1])
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("says what is damaged, passes it over and cuts nothing off", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const directory = yield* inDirectory
      const path = `${directory}/000001.journal`
      yield* Effect.gen(function* () {
        const journal = yield* MarketJournal
        for (const first of [0, 50, 100]) {
          record(journal, first, 50)
          yield* journal.flush
        }
      }).pipe(Effect.provide(MarketJournal.layer({ directory, manifest })))
      const whole = yield* files.readFile(path)
      const [, second, third] = scanBlocks(whole, decodeSegmentHead(whole)!.end).blocks
      const flipped = (at: number) => whole.map((byte, index) => (index === at ? byte ^ 1 : byte))
      const from = (first: number, count: number) => Array.from({ length: count }, (_, n) => first + n)
      for (const [damaged, kept] of [
        [whole.subarray(0, whole.length - 7), from(0, 100)],
        [Uint8Array.from([...whole, 1, 2, 3]), from(0, 150)],
        [flipped(third!.offset - 3), [...from(0, 50), ...from(100, 50)]],
        // The time in a block's head.
        [flipped(second!.offset + 20), [...from(0, 50), ...from(100, 50)]],
        [Uint8Array.from([...whole.subarray(0, second!.offset), ...whole.subarray(second!.offset + 9)]), [...from(0, 50), ...from(100, 50)]]
      ] as const) {
        yield* files.writeFile(path, damaged)
        yield* Effect.gen(function* () {
          const [found] = (yield* MarketJournal).damage
          assert.strictEqual(found?.segment, path)
          assert.isAbove(found!.damagedBytes, 0)
        }).pipe(Effect.provide(MarketJournal.layer({ directory, manifest })))
        assert.deepStrictEqual(yield* numbers(path), kept)
        assert.deepStrictEqual(yield* files.readFile(path), Uint8Array.from(damaged))
      }
      // Without its head nothing of it can be read; it stays all the same.
      yield* files.writeFile(path, flipped(3))
      yield* Effect.provide(Effect.void, MarketJournal.layer({ directory, manifest }))
      assert.strictEqual((yield* files.readFile(path)).length, whole.length)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("is locked while it is open", () =>
    Effect.gen(function* () {
      const directory = yield* inDirectory
      const open = MarketJournal.layer({ directory, manifest })
      const second = Effect.flip(Effect.provide(Effect.void, Layer.fresh(open)))
      const refused = yield* Effect.provide(second, open)
      assert.strictEqual(refused._tag, "DatabaseLocked")
      assert.include(refused.message, directory)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("survives a full disk: degraded, dropping and counting, and back when there is room", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const directory = yield* inDirectory
      let full = false
      const noSpace = PlatformError.systemError({
        _tag: "Unknown",
        module: "FileSystem",
        method: "write",
        description: "ENOSPC: no space left on device"
      })
      const filling = Layer.succeed(FileSystem.FileSystem, {
        ...files,
        open: (path, options) =>
          Effect.map(files.open(path, options), (file) =>
            Object.assign(Object.create(file), {
              // A full disk takes a part and refuses the rest.
              writeAll: (bytes: Uint8Array) =>
                full ? file.writeAll(bytes.subarray(0, 10)).pipe(Effect.andThen(Effect.fail(noSpace))) : file.writeAll(bytes)
            })
          )
      })
      yield* Effect.gen(function* () {
        const journal = yield* MarketJournal
        record(journal, 0, 5)
        yield* journal.flush
        full = true
        record(journal, 5, 5)
        assert.strictEqual((yield* Effect.flip(journal.flush))._tag, "JournalFailed")
        record(journal, 10, 5)
        assert.strictEqual((yield* Effect.flip(journal.flush))._tag, "JournalFailed")
        assert.deepInclude(yield* journal.stats, { frames: 5, dropped: 10 })
        full = false
        record(journal, 15, 5)
        yield* journal.flush
      }).pipe(Effect.provide(MarketJournal.layer({ directory, manifest }).pipe(Layer.provide(filling))))
      const kept = yield* numbers(`${directory}/000001.journal`)
      assert.deepStrictEqual(kept.slice(0, 5), [0, 1, 2, 3, 4])
      assert.deepStrictEqual(kept.slice(-5), [15, 16, 17, 18, 19])
      assert.notInclude(kept, 5)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )
})
