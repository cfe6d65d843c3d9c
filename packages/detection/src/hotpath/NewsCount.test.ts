import { assert, describe, it } from "@effect/vitest"
import { NewsCount } from "./NewsCount.ts"

const hour = 3_600_000
const start = 1_700_000_000_000

describe("NewsCount", () => {
  it("knows nothing before a feed was read, and nothing any more once none is read", () => {
    const news = new NewsCount()
    news.add(-1, start, start)
    assert.isNaN(news.countAt(start))
    news.read(start)
    assert.strictEqual(news.countAt(start), 1)
    assert.strictEqual(news.scoreAt(start), -1)
    assert.isAbove(news.countAt(start + 3 * hour), 0)
    assert.isNaN(news.countAt(start + 3 * hour + 1))
    assert.isNaN(news.scoreAt(start + 3 * hour + 1))
  })

  it("counts nothing as nothing where feeds are read and nobody speaks of the coin", () => {
    const news = new NewsCount()
    news.read(start)
    assert.strictEqual(news.countAt(start), 0)
    assert.strictEqual(news.scoreAt(start), 0)
  })

  it("is the sum over all items, each weighed by its age, whenever it is asked", () => {
    const news = new NewsCount()
    const items = [
      { score: -1, published: start - 20 * hour, heard: start },
      { score: 0.5, published: start, heard: start },
      { score: -0.25, published: start + hour, heard: start + 5 * hour }
    ]
    for (const { heard, published, score } of items) news.add(score, published, heard)
    const now = start + 7 * hour
    news.read(now)
    const weights = items.map(({ published }) => Math.exp(-(now - published) / (12 * hour)))
    const weight = weights.reduce((sum, each) => sum + each, 0)
    const sum = weights.reduce((total, each, index) => total + each * items[index]!.score, 0)
    assert.isAbove(weight, 1)
    assert.closeTo(news.countAt(now), weight, 1e-12)
    assert.closeTo(news.scoreAt(now), sum / weight, 1e-12)
  })

  it("lets a single item fade, and gives no weight to a date in the future", () => {
    const news = new NewsCount()
    news.add(-1, start + 1000 * hour, start)
    news.read(start + 12 * hour)
    assert.closeTo(news.countAt(start + 12 * hour), Math.exp(-1), 1e-12)
    assert.closeTo(news.scoreAt(start + 12 * hour), -Math.exp(-1), 1e-12)
  })

  it("stays within its bounds whatever comes", () => {
    const news = new NewsCount()
    for (let n = 0; n < 10_000; n++) news.add(n % 3 === 0 ? 1 : -1, start + n, start + n)
    news.read(start + 10_000)
    assert.isAtMost(news.countAt(start + 10_000), 10_000)
    assert.isAtMost(Math.abs(news.scoreAt(start + 10_000)), 1)
  })
})
