import { assert, describe, it } from "@effect/vitest"
import { MatchingEngine, noOrder } from "./MatchingEngine.ts"

/** The same exchange, as plainly as it can be written. */
class Reference {
  readonly trades: Array<string> = []
  orders: Array<{ id: number; side: 0 | 1; tick: number; quantity: number }> = []
  limit(id: number, side: 0 | 1, tick: number, quantity: number): boolean {
    let left = quantity
    const crosses = (price: number) => (side === 0 ? price <= tick : price >= tick)
    const better = (a: number, b: number) => (side === 0 ? a - b : b - a)
    while (left > 0) {
      const best = this.orders
        .filter((order) => order.side !== side && crosses(order.tick))
        .sort((a, b) => better(a.tick, b.tick) || a.id - b.id)[0]
      if (best === undefined) break
      const filled = Math.min(left, best.quantity)
      this.trades.push(`${side} ${best.tick} ${filled}`)
      best.quantity -= filled
      left -= filled
      this.orders = this.orders.filter((order) => order.quantity > 0)
    }
    if (left > 0) this.orders.push({ id, side, tick, quantity: left })
    return left > 0
  }
  best(side: 0 | 1): number | undefined {
    const prices = this.orders.filter((order) => order.side === side).map((order) => order.tick)
    return prices.length === 0 ? undefined : side === 0 ? Math.max(...prices) : Math.min(...prices)
  }
}

describe("MatchingEngine", () => {
  it("trades, rests and cancels as the plain reference does", () => {
    let seed = 42
    const random = (n: number) => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 8) % n
    const trades: Array<string> = []
    const levels = [new Map<number, number>(), new Map<number, number>()] as const
    const engine = new MatchingEngine({
      ticks: 4096,
      ordersMax: 8192,
      listener: {
        onTrade: (side, tick, quantity) => trades.push(`${side} ${tick} ${quantity}`),
        onLevel: (side, tick, quantity) => (quantity === 0 ? levels[side].delete(tick) : levels[side].set(tick, quantity))
      }
    })
    const reference = new Reference()
    const live: Array<{ order: number; id: number }> = []
    for (let step = 0; step < 5000; step++) {
      if (random(10) < 7) {
        const side = random(2) as 0 | 1
        const tick = 2048 + (side === 0 ? -1 : 1) * (random(60) - 8)
        const quantity = 1 + random(50)
        const order = engine.limit(side, tick, quantity)
        const rested = reference.limit(step, side, tick, quantity)
        assert.strictEqual(order !== noOrder, rested)
        if (rested) live.push({ order, id: step })
      } else if (live.length > 0) {
        const [picked] = live.splice(random(live.length), 1)
        const known = reference.orders.some((order) => order.id === picked!.id)
        if (known) assert.isTrue(engine.cancel(picked!.order))
        reference.orders = reference.orders.filter((order) => order.id !== picked!.id)
      }
      assert.strictEqual(engine.bestBid, reference.best(0) ?? -1)
      assert.strictEqual(engine.bestAsk, reference.best(1) ?? engine.ticks)
    }
    assert.deepStrictEqual(trades, reference.trades)
    for (const side of [0, 1] as const) {
      const expected = new Map<number, number>()
      for (const order of reference.orders) {
        if (order.side === side) expected.set(order.tick, (expected.get(order.tick) ?? 0) + order.quantity)
      }
      assert.deepStrictEqual(
        [...levels[side]].sort((a, b) => a[0] - b[0]),
        [...expected].sort((a, b) => a[0] - b[0])
      )
    }
  })

  it("refuses orders past its bound and never an order's cancel twice", () => {
    const engine = new MatchingEngine({ ticks: 1024, ordersMax: 2, listener: { onTrade: () => {}, onLevel: () => {} } })
    const first = engine.limit(0, 10, 1)
    engine.limit(0, 11, 1)
    assert.strictEqual(engine.limit(0, 12, 1), noOrder)
    assert.isTrue(engine.cancel(first))
    assert.isFalse(engine.cancel(first))
    assert.strictEqual(engine.market(1, 5), 4)
  })
})
