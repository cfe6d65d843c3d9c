import { assert, describe, it } from "@effect/vitest"
import { isOwnPage, linkOf, pageOf } from "./FeedAddress.ts"

describe("addresses", () => {
  it("of items are pages alone", () => {
    const base = "https://news.example/rss"
    assert.strictEqual(linkOf("/a b", base), "https://news.example/a%20b")
    for (const link of [
      "",
      "javascript:alert(1)",
      "data:text/html,x",
      "ftp://a/b",
      "https://user:pass@a.example/",
      "https://[",
      `https://a.example/${"x".repeat(1000)}`
    ])
      assert.isUndefined(linkOf(link, base), link)
  })

  it("of one page are one, without trackers; a front page is nobody's", () => {
    assert.strictEqual(pageOf("https://www.news.example/1/?utm_source=rss&id=2#top"), pageOf("http://news.example/1?id=2"))
    assert.notStrictEqual(pageOf("https://news.example/?p=1"), pageOf("https://news.example/?p=2"))
    assert.strictEqual(pageOf("https://news.example/"), "")
  })

  it("are a feed's own where they stand on its host", () => {
    assert.isTrue(isOwnPage("http://www.news.example/1", "https://news.example/rss?key=1"))
    for (const link of ["", "https://news.example:8443/1", "https://other.example/1", "https://news.example.evil.example/1"])
      assert.isFalse(isOwnPage(link, "https://news.example/rss"), link)
  })
})
