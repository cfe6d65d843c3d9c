import { assert, describe, it } from "@effect/vitest"
import { makeNamedCoins } from "./NamedCoins.ts"
import { type FeedItem, NewsMemory, rememberedMax } from "./NewsMemory.ts"
import { toneOf } from "./Tone.ts"

const hour = 3_600_000
const start = 1_700_000_000_000
const item = (over: Partial<FeedItem>): FeedItem => ({
  feed: "one",
  id: "",
  title: "Circle says USDC reserves are safe at the bank",
  link: "",
  isOwnPage: false,
  isDated: true,
  time: start,
  coins: [{ coin: "USDC", score: 0 }],
  ...over
})
const knows = (first: Partial<FeedItem>, second: Partial<FeedItem>) => {
  const memory = new NewsMemory()
  memory.add(item(first))
  return memory.knows(item(second))
}
const all = { feeds: ["one", "two", "three", "four"], coins: ["USDC"], since: 0 }
const other = "Something else entirely of USDC was said today"

describe("NewsMemory", () => {
  it("knows an item by its feed's id, by its page, and by a title that is nearly equal", () => {
    assert.isTrue(knows({ id: "1" }, { id: "1", title: other }))
    assert.isFalse(knows({ id: "1" }, { id: "1", title: other, feed: "two" }), "an id is its feed's own")
    assert.isTrue(knows({ link: "https://a.example/1?utm_source=x" }, { link: "http://www.a.example/1/", title: other }))
    assert.isFalse(knows({ link: "https://a.example/" }, { link: "https://a.example/", title: other }), "many items link to the front page")
    assert.isTrue(knows({}, { feed: "two", title: "CIRCLE says: USDC reserves are “safe” at the bank!" }))
    assert.isTrue(knows({}, { feed: "two", title: "Circle says USDC reserves are safe at bank", time: start + 47 * hour }))
  })

  it("believes a feed on the pages of its own host, and others where their titles say the same", () => {
    const page = { link: "https://a.example/1" }
    const squatter = { ...page, feed: "two", title: other }
    assert.isTrue(knows({ ...page, isOwnPage: true }, squatter))
    assert.isFalse(knows(squatter, { ...page, isOwnPage: true }), "what a squatter links to is told all the same")
    assert.isFalse(knows(squatter, { ...page, feed: "three", title: "Circle is bankrupt" }))
    const short = { ...page, title: "USDC breaks" }
    assert.isTrue(knows(short, { ...page, feed: "two", title: "BREAKING: USDC breaks" }))
    assert.isFalse(knows({ ...short, link: "" }, { feed: "two", title: "BREAKING: USDC breaks" }))
  })

  it("takes titles for two that differ in a word which makes one of them bad", () => {
    const named = makeNamedCoins(["USDT", "USDC"])
    const told = (title: string, feed: string) => ({ title, feed, coins: toneOf(title, named) })
    for (const [good, bad] of [
      ["USDC holds dollar peg amid Silicon Valley Bank collapse fears", "USDC loses dollar peg amid Silicon Valley Bank collapse fears"],
      [
        "Circle resumes USDC redemptions for institutional clients on Monday morning",
        "Circle halts USDC redemptions for institutional clients on Monday morning"
      ],
      ["USDC regains its dollar peg as traders watch Circle reserves", "USDC loses its dollar peg as traders watch Circle reserves"],
      ["Binance lists USDC on Solana network for all users worldwide", "Binance delists USDC on Solana network for all users worldwide"]
    ] as const) {
      assert.isFalse(knows(told(good, "one"), told(bad, "two")), bad)
      assert.isFalse(knows(told(bad, "one"), told(good, "two")), good)
      assert.isTrue(knows(told(bad, "one"), told(`${bad} –`, "two")), bad)
    }
  })

  it("takes titles for two that differ in a number, a negation, the coins or by days", () => {
    assert.isFalse(
      knows({ title: "Tether mints 1 billion USDT on the Tron chain" }, { title: "Tether mints 2 billion USDT on the Tron chain" })
    )
    assert.isFalse(knows({}, { title: "Circle says USDC reserves are not safe at the bank" }))
    assert.isFalse(knows({}, { feed: "two", coins: [{ coin: "DAI", score: 0 }] }))
    assert.isFalse(knows({}, { time: start + 49 * hour, feed: "two" }))
    assert.isFalse(knows({ title: "USDC depegs" }, { title: "USDC repegs" }))
    assert.isTrue(knows({ title: "USDC depegs" }, { title: "USDC depegs", feed: "two" }))
  })

  it("knows an item by whatever it was known by before, also when an item without a date seems to be of another day by now", () => {
    const memory = new NewsMemory()
    memory.add(item({ id: "1" }))
    for (const same of [{ feed: "two", id: "x" }, { feed: "three", link: "https://c.example/1" }, { feed: "four" }]) {
      assert.isTrue(memory.knows(item(same)))
      assert.isTrue(memory.knows(item({ ...same, time: start + 100 * hour })), same.feed)
    }
    assert.isFalse(memory.knows(item({ feed: "five", time: start + 100 * hour })))
    const again = new NewsMemory()
    assert.isTrue(again.load(memory.save(), all))
    assert.isTrue(again.knows(item({ feed: "two", id: "x", time: start + 100 * hour })))
  })

  it("forgets at its bound the one of the feed that was not seen for longest, and none of another's", () => {
    const memory = new NewsMemory()
    const numbered = (n: number) => item({ id: String(n), title: `USDC ${n}` })
    const others = item({ feed: "two", id: "1", title: "USDC 1 of two" })
    memory.add(others)
    for (let n = 0; n < rememberedMax; n++) memory.add(numbered(n))
    assert.isTrue(memory.knows(numbered(0)))
    memory.add(numbered(rememberedMax))
    assert.strictEqual(memory.size, rememberedMax + 1)
    assert.isTrue(memory.knows(others))
    assert.isTrue(memory.knows(numbered(0)))
    assert.isFalse(memory.knows(numbered(1)))
  })

  it("an item that several feeds show is known until none shows it, however they flood the memory", () => {
    const memory = new NewsMemory()
    const shown = { link: "https://a.example/1", isOwnPage: true, id: "1" }
    const copied = { link: shown.link, feed: "two", id: "x" }
    const flood = (feed: string) => {
      for (let n = 0; n <= rememberedMax; n++) memory.add(item({ feed, id: `flood ${n}`, title: `${feed} ${n}` }))
    }
    memory.add(item(copied))
    // Under however many ids.
    for (let n = 0; n < 100; n++) assert.isTrue(memory.knows(item({ ...copied, id: String(n) })))
    assert.isTrue(memory.knows(item({ feed: "two", id: "99", title: other, time: start + 100 * hour })), "by its last id")
    assert.isBelow(memory.save().length, 1000)
    for (let hour_ = 0; hour_ < 24; hour_++) {
      assert.isTrue(memory.knows(item(shown)), `hour ${hour_}`)
      flood("two")
      assert.strictEqual(memory.size, rememberedMax + 1)
      assert.isTrue(memory.knows(item({ ...copied, title: other })), "by the page that its own feed shows")
    }
    assert.isTrue(memory.knows(item({ ...shown, title: other, time: start + 100 * hour })))
    flood("two")
    flood("one")
    assert.isFalse(memory.knows(item(shown)))
  })

  it("takes up nothing of feeds and coins that there are no more, nor what is old", () => {
    const first = new NewsMemory()
    const usdc = { coin: "USDC", score: -1 }
    const dai = { coin: "DAI", score: 1 }
    first.add(item({ id: "1", feed: "former", title: "USDC 1" }))
    first.add(item({ id: "2", title: "DAI 2", coins: [dai] }))
    first.add(item({ id: "3", title: "USDC 3", time: start - hour }))
    first.add(item({ id: "4", title: "USDC 4", time: start - hour, isDated: false }))
    first.add(item({ id: "5", feed: "former", title: "USDC and DAI 5", coins: [usdc, dai] }))
    first.knows(item({ id: "6", feed: "two", title: "USDC and DAI 5", coins: [usdc, dai] }))
    const second = new NewsMemory()
    assert.isTrue(second.load(first.save(), { ...all, since: start }))
    assert.deepStrictEqual(
      second.newest("USDC", 9, 0).map(({ feed, title }) => [feed, title]),
      [
        ["two", "USDC and DAI 5"],
        ["one", "USDC 4"]
      ]
    )
    assert.deepStrictEqual(second.newest("DAI", 9, 0), [])
    assert.notInclude(second.save(), "former")
    assert.isTrue(second.knows(item({ id: "4", title: other, time: start + 100 * hour })), "one without a date would be of today again")
  })

  it("goes on after a restart, and takes nothing that it cannot read", () => {
    const first = new NewsMemory()
    first.add(item({ id: "1", link: "https://a.example/1" }))
    const second = new NewsMemory()
    assert.isTrue(second.load(first.save(), all))
    assert.strictEqual(second.save(), first.save())
    assert.isTrue(second.knows(item({ id: "1", title: other })))
    assert.isTrue(second.knows(item({ feed: "two" })))
    for (const text of ["", "{}", '[{"title":1}]']) assert.isFalse(new NewsMemory().load(text, all))
  })

  it("shows the newest of a coin, and takes back what was not told", () => {
    const memory = new NewsMemory()
    for (const n of [2, 1, 3])
      memory.add(item({ id: String(n), title: `USDC ${n}`, time: start + n * hour, coins: [{ coin: "USDC", score: -n / 10 }] }))
    const titles = (count: number, since: number) => memory.newest("USDC", count, since).map(({ title }) => title)
    assert.deepStrictEqual(titles(2, 0), ["USDC 3", "USDC 2"])
    assert.deepStrictEqual(titles(9, start + 2 * hour), ["USDC 3", "USDC 2"])
    assert.deepStrictEqual(memory.newest("DAI", 9, 0), [])
    memory.knows(item({ id: "again", title: "USDC 3", time: start + 3 * hour, coins: [{ coin: "USDC", score: -0.3 }] }))
    memory.forget(item({ id: "3", title: "USDC 3", time: start + 3 * hour }))
    assert.deepStrictEqual(titles(9, 0), ["USDC 2", "USDC 1"])
    assert.isFalse(memory.knows(item({ id: "3", title: "USDC 3" })))
  })
})
