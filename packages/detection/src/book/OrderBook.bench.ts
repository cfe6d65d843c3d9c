/** A book of some 1,100 levels a side: one change and a look at the best, against a map that is sorted when it is read. */
import { type Bench, type BenchResult, interleave, ratioRow } from "@evenkeel/runtime/bench/Bench"
import { MapBook } from "./MapBook.ts"
import { OrderBook } from "./OrderBook.ts"

const changes = 1 << 16

const book = async (): Promise<ReadonlyArray<BenchResult>> => {
  let seed = 42
  const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32
  const sides = new Uint8Array(changes)
  const prices = new Float64Array(changes)
  const quantities = new Float64Array(changes)
  for (let n = 0; n < changes; n++) {
    // Four of five changes are near the best price, as on real books.
    const distance = 1 + Math.floor(random() < 0.8 ? -Math.log(1 - random()) * 30 : random() * 1600)
    sides[n] = random() < 0.5 ? 0 : 1
    prices[n] = (100_000 + (sides[n] === 0 ? -distance : distance)) / 1e5
    quantities[n] = random() < 0.3 ? 0 : 1 + random() * 10
  }
  const ladder = new OrderBook()
  const plain = new MapBook()
  for (const target of [ladder, plain]) {
    for (const side of [0, 1] as const) for (let n = 1; n <= 1100; n++) target.set(side, (100_000 + (side === 0 ? -n : n)) / 1e5, 1)
  }
  let at = 0
  let best = 0
  const drive =
    (target: OrderBook | MapBook) =>
    (count: number): void => {
      for (let n = 0; n < count; n++) {
        const change = at++ & (changes - 1)
        const side = sides[change] as 0 | 1
        target.set(side, prices[change]!, quantities[change]!)
        best += target.price(side, 0)
      }
    }
  const [sorted, kept] = await interleave(
    [
      { count: 30, run: drive(plain) },
      { count: 200_000, run: drive(ladder) }
    ],
    15
  )
  if (Number.isNaN(best)) throw new Error("empty book")
  return [ratioRow("order book, 1,100 levels a side: update and best", 5, sorted!, kept!, "ns an update")]
}

export const benches: ReadonlyArray<Bench> = [{ name: "book", run: book }]
