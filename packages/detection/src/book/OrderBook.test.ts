import { assert, describe, it } from "@effect/vitest"
import { MapBook } from "./MapBook.ts"
import { OrderBook } from "./OrderBook.ts"

const contents = (book: OrderBook | MapBook) =>
  ([0, 1] as const).map((side) =>
    Array.from({ length: book.count(side) }, (_, depth) => [book.price(side, depth), book.quantity(side, depth)])
  )

describe("OrderBook", () => {
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
          assert.deepStrictEqual(contents(book), contents(reference))
        }
      }
      assert.deepStrictEqual(contents(book), contents(reference))
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
