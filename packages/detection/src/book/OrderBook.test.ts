import { assert, describe, it } from "@effect/vitest"
import { MapBook } from "./MapBook.ts"
import { bookLevelsMax, OrderBook } from "./OrderBook.ts"

const sides = [0, 1] as const

const assertSame = (book: OrderBook, reference: MapBook) =>
  assert.deepStrictEqual(
    sides.map((side) => Array.from({ length: book.count(side) }, (_, depth) => [book.price(side, depth), book.quantity(side, depth)])),
    sides.map((side) => reference.levels(side))
  )

/** The work of filling a side with so many levels, in ms of this thread's processor time. */
const costOf = (levels: number, priceOf: (index: number) => number): number => {
  const book = new OrderBook()
  const before = process.threadCpuUsage()
  for (let index = 0; index < levels; index++) book.set(0, priceOf(index), 1)
  const { system, user } = process.threadCpuUsage(before)
  assert.strictEqual(book.count(0), levels)
  return (user + system) / 1000
}

describe("OrderBook", () => {
  for (const [order, priceOf] of [
    ["best first", (index: number) => 2 - index * 1e-6],
    ["worst first", (index: number) => 1 + index * 1e-6]
  ] as const) {
    it(`takes up a whole book ${order} in a time that grows with its levels, not with their square`, () => {
      costOf(4096, priceOf)
      // Four times the levels: sixteen times the work, were each level to move all others.
      assert.isBelow(costOf(bookLevelsMax, priceOf), 8 * costOf(bookLevelsMax / 4, priceOf) + 50)
    })
  }

  it("keeps the best levels of a side that is deeper than it may be", () => {
    const book = new OrderBook()
    for (let index = 0; index < bookLevelsMax + 1000; index++) book.set(0, 1 + index * 1e-6, 1)
    for (let index = 0; index < bookLevelsMax + 1000; index++) book.set(1, 2 + index * 1e-6, 1)
    assert.deepStrictEqual([book.count(0), book.count(1)], [bookLevelsMax, bookLevelsMax])
    assert.strictEqual(book.price(0, 0), 1 + (bookLevelsMax + 999) * 1e-6)
    assert.strictEqual(book.price(0, bookLevelsMax - 1), 1 + 1000 * 1e-6)
    assert.strictEqual(book.price(1, 0), 2)
    assert.strictEqual(book.price(1, bookLevelsMax - 1), 2 + (bookLevelsMax - 1) * 1e-6)
  })

  it("holds what the map holds while prices wander far in one direction and back", () => {
    let seed = 5
    const random = (n: number) => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 7) % n
    const book = new OrderBook()
    const reference = new MapBook()
    for (let step = 0; step < 6000; step++) {
      const middle = step < 3000 ? step : 6000 - step
      const side = random(2) as 0 | 1
      const price = (100_000 + middle + (side === 0 ? -1 : 1) * random(300)) / 1e5
      const quantity = random(3) === 0 ? 0 : 1 + random(9)
      book.set(side, price, quantity)
      reference.set(side, price, quantity)
      if (step % 100 === 0) {
        book.truncate(200)
        reference.truncate(200)
        assertSame(book, reference)
      }
    }
  })

  it("holds what a map that is sorted on every read holds", () => {
    let seed = 11
    const random = (n: number) => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 7) % n
    for (const spread of [40, 2000]) {
      const book = new OrderBook()
      const reference = new MapBook()
      for (let step = 0; step < 4000; step++) {
        const side = random(2) as 0 | 1
        const price = (100_000 + (side === 0 ? -1 : 1) * random(spread)) / 1e5
        const quantity = random(3) === 0 ? 0 : 1 + random(1000) / 10
        book.set(side, price, quantity)
        reference.set(side, price, quantity)
        if (step % 997 === 0) {
          book.truncate(100)
          reference.truncate(100)
        }
        if (step % 50 === 0) {
          assertSame(book, reference)
        }
      }
      assertSame(book, reference)
      const best = book.price(0, 0)
      const within = reference
        .levels(0)
        .filter(([price]) => price >= best - best * 0.001)
        .reduce((total, [, quantity]) => total + quantity, 0)
      assert.closeTo(book.depthWithin(0, 0.001), within, 1e-9)
    }
  })

  it("knows when it is crossed, empty, and answers NaN past its depth", () => {
    const book = new OrderBook()
    assert.isNaN(book.price(0, 0))
    assert.isFalse(book.crossed())
    book.set(0, 1.01, 5)
    book.set(1, 1.02, 5)
    assert.isFalse(book.crossed())
    book.set(1, 1.01, 1)
    assert.isTrue(book.crossed())
    book.clear()
    assert.strictEqual(book.count(0) + book.count(1), 0)
    assert.isNaN(book.quantity(1, 0))
    assert.strictEqual(book.depthWithin(1, 0.01), 0)
  })
})
