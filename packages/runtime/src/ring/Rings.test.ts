import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { Worker } from "node:worker_threads"
import { allocateFrameRing, FrameConsumer, FrameProducer, frameOffsets } from "./FrameRing.ts"
import { spinThenSleep } from "./RingHeader.ts"
import { awaitRecords, consumeRecords } from "./RingWait.ts"
import { allocateSpscRing, SpscConsumer, SpscProducer } from "./SpscRing.ts"
import { allocateStateTable, StateTable } from "./StateTable.ts"
import type { TortureJob } from "./torture.worker.ts"

const torture = (job: TortureJob) =>
  Effect.acquireRelease(
    Effect.sync(() => new Worker(new URL("./torture.worker.ts", import.meta.url), { workerData: job })),
    (worker) => Effect.promise(() => worker.terminate())
  )

describe("SpscRing", () => {
  it.live("passes every record of another thread whole and in order, whatever the batch", () =>
    Effect.gen(function* () {
      for (const batch of [1, 7, 64]) {
        const buffer = allocateSpscRing(256, 64)
        const consumer = new SpscConsumer(buffer, 64)
        const count = 200_000
        yield* torture({ ring: "spsc", buffer, count, batch })
        let next = 0
        let wrong = 0
        while (!consumer.ended()) {
          for (let at = consumer.peek(); at >= 0; at = consumer.peek()) {
            for (let field = 0; field < 8; field++) if (consumer.float64[(at >> 3) + field] !== next * 8 + field) wrong++
            next++
            consumer.advance()
          }
          consumer.release()
          consumer.wait(spinThenSleep)
        }
        assert.deepStrictEqual([next, wrong], [count, 0])
      }
    }).pipe(Effect.scoped)
  )

  it("refuses a record when it is full and takes one again after a release", () => {
    const buffer = allocateSpscRing(2, 8)
    const producer = new SpscProducer(buffer, 8)
    const consumer = new SpscConsumer(buffer, 8)
    for (const value of [1, 2]) {
      producer.float64[producer.claim() >> 3] = value
      producer.commit()
    }
    assert.strictEqual(producer.claim(), -1)
    assert.strictEqual(consumer.peek(), -1, "nothing is seen before it is published")
    producer.publish()
    assert.strictEqual(consumer.float64[consumer.peek() >> 3], 1)
    consumer.advance()
    consumer.release()
    assert.isAtLeast(producer.claim(), 0)
  })

  it.live("wakes a waiting fiber, and lets it be interrupted", () =>
    Effect.gen(function* () {
      const buffer = allocateSpscRing(16, 8)
      const producer = new SpscProducer(buffer, 8)
      const consumer = new SpscConsumer(buffer, 8)
      const seen: Array<number> = []
      const fiber = yield* Effect.forkChild(consumeRecords(consumer, (at) => seen.push(consumer.float64[at >> 3]!) > 0))
      for (const value of [1, 2, 3]) {
        yield* Effect.yieldNow
        producer.float64[producer.claim() >> 3] = value
        producer.commit()
        producer.publish()
      }
      while (seen.length < 3) yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(seen, [1, 2, 3])
      const waiting = yield* Effect.forkChild(awaitRecords(consumer))
      yield* Fiber.interrupt(waiting)
    })
  )
})

describe("FrameRing", () => {
  it.live("passes frames of every length whole and in order", () =>
    Effect.gen(function* () {
      const buffer = allocateFrameRing(4096)
      const consumer = new FrameConsumer(buffer)
      const count = 100_000
      yield* torture({ ring: "frame", buffer, count, batch: 5 })
      let next = 0
      let wrong = 0
      while (!consumer.ended()) {
        for (let at = consumer.peek(); at >= 0; at = consumer.peek()) {
          const length = consumer.int32[(at + frameOffsets.payloadBytes) >> 2]!
          if (consumer.float64[(at + frameOffsets.received) >> 3] !== next || length !== (next * 7919) % 700) wrong++
          for (let i = 0; i < length; i++) if (consumer.bytes[at + frameOffsets.payload + i] !== (next & 255)) wrong++
          next++
          consumer.advance(at)
        }
        consumer.release()
        consumer.wait(spinThenSleep)
      }
      assert.deepStrictEqual([next, wrong], [count, 0])
    }).pipe(Effect.scoped)
  )

  describe("gives a consumer that takes over from a dead one", () => {
    const filled = () => {
      const buffer = allocateFrameRing(1024)
      const producer = new FrameProducer(buffer)
      const write = (instrument: number, payload = 64) => {
        const at = producer.claim(payload)
        if (at < 0) return false
        producer.int32[(at + frameOffsets.instrument) >> 2] = instrument
        producer.commit()
        producer.publish()
        return true
      }
      /** What the next one finds. */
      const taken = () => {
        const next = new FrameConsumer(buffer)
        next.skipInHand()
        const at = next.peek()
        return at < 0 ? undefined : next.int32[(at + frameOffsets.instrument) >> 2]
      }
      return { dead: new FrameConsumer(buffer), write, taken }
    }

    it("the frame behind the one that it died over", () => {
      const { dead, taken, write } = filled()
      for (let instrument = 0; instrument < 4; instrument++) write(instrument)
      dead.advance(dead.peek())
      dead.peek()
      assert.strictEqual(taken(), 2)
    })
    it("nothing, where it died over the last of several that it had taken together", () => {
      const { dead, taken, write } = filled()
      for (let instrument = 0; instrument < 4; instrument++) write(instrument)
      for (let count = 0; count < 3; count++) dead.advance(dead.peek())
      dead.peek()
      assert.isUndefined(taken())
    })
    it("the next frame, where it died between two, also when the ring has filled up since", () => {
      const { dead, taken, write } = filled()
      write(0)
      dead.advance(dead.peek())
      dead.release()
      let instrument = 1
      // Frames of another length: what was in hand has been written over.
      while (write(instrument, 200)) instrument++
      while (write(instrument, 8)) instrument++
      assert.strictEqual(taken(), 1)
    })
  })

  it("says how full it is and refuses what has no room", () => {
    const producer = new FrameProducer(allocateFrameRing(1024))
    for (let i = 0; i < 8; i++) {
      assert.isAtLeast(producer.claim(64), 0)
      producer.commit()
    }
    producer.publish()
    assert.strictEqual(producer.fill(), 1)
    assert.strictEqual(producer.claim(0), -1)
  })
})

describe("StateTable", () => {
  it("reads what was written last, and nothing before", () => {
    const table = new StateTable(allocateStateTable(2, 3), 3)
    const row = new Float64Array(3)
    assert.isFalse(table.read(1, row))
    table.write(1, Float64Array.of(1, 2, 3))
    assert.isTrue(table.read(1, row))
    assert.deepStrictEqual([...row], [1, 2, 3])
    assert.strictEqual(table.rows, 2)
  })

  it("says nothing of a row whose writer died while it wrote, until another writer has written it whole", () => {
    const buffer = allocateStateTable(3, 2)
    const row = new Float64Array(2)
    const reader = new StateTable(buffer, 2)
    const first = new StateTable(buffer, 2)
    for (let at = 0; at < 3; at++) first.write(at, Float64Array.of(1, 1))
    // What a thread leaves that ends between two stores: in row 0 the version is odd and one of two fields is new.
    Atomics.add(new Int32Array(buffer), 0, 1)
    new Float64Array(buffer)[1] = 2
    assert.isFalse(reader.read(0, row))
    const second = new StateTable(buffer, 2)
    second.takeOver()
    assert.isFalse(reader.read(0, row), "half of it is old")
    assert.isTrue(reader.read(1, row), "what is whole stays")
    let seenWithin: boolean | undefined
    const within = new Proxy(Float64Array.of(3, 3), {
      get: (target, key) => {
        if (key === "1") seenWithin = reader.read(0, row)
        return Reflect.get(target, key)
      }
    })
    second.write(0, within)
    assert.isFalse(seenWithin, "nobody reads a row while it is written")
    for (let turn = 0; turn < 3; turn++) {
      assert.isTrue(reader.read(0, row))
      assert.deepStrictEqual([...row], [3, 3])
      second.write(0, Float64Array.of(3, 3))
    }
    second.takeOver()
    assert.isTrue(reader.read(0, row), "a table without a torn row is left as it is")
  })

  it("heals a torn row by a write alone", () => {
    const buffer = allocateStateTable(1, 1)
    const table = new StateTable(buffer, 1)
    Atomics.add(new Int32Array(buffer), 0, 1)
    table.write(0, Float64Array.of(4))
    const row = new Float64Array(1)
    assert.isTrue(table.read(0, row))
    assert.strictEqual(row[0], 4)
  })
})
