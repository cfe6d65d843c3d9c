import { assert, describe, it } from "@effect/vitest"
import { isPrivateAddress, isPrivateUrl, linkOf, pageOf, privateCode, publicLookup } from "./FeedAddress.ts"

describe("addresses", () => {
  it("of private networks are told from public ones, however they are written", () => {
    for (const url of [
      "http://127.0.0.1/",
      "http://127.1/",
      "http://0x7f000001/",
      "http://2130706433/",
      "http://0.0.0.0/",
      "http://10.1.2.3/",
      "http://172.31.0.1/",
      "http://192.168.0.1/",
      "http://169.254.169.254/latest/meta-data",
      "http://100.64.0.1/",
      "http://[::1]/",
      "http://[::]/",
      "http://[fd00::1]/",
      "http://[fe80::1]/",
      "http://[::ffff:10.0.0.1]/",
      "http://[64:ff9b::a00:1]/",
      "http://localhost/",
      "http://LOCALHOST./",
      "http://router/",
      "http://db.internal/",
      "http://printer.local/"
    ])
      assert.isTrue(isPrivateUrl(new URL(url)), url)
    for (const url of [
      "https://example.org/",
      "http://8.8.8.8/",
      "http://172.32.0.1/",
      "http://[2606:4700::1111]/",
      "https://local.example.org/"
    ])
      assert.isFalse(isPrivateUrl(new URL(url)), url)
    assert.isTrue(isPrivateAddress("no address"))
  })

  it("are refused at the moment of connecting, where a name leads to them", async () => {
    const found = (options: { readonly all: boolean }) =>
      new Promise<unknown>((resolve) => publicLookup("localhost", options, (error, addresses) => resolve(error?.code ?? addresses)))
    assert.strictEqual(await found({ all: true }), privateCode)
    assert.strictEqual(await found({ all: false }), privateCode)
  })

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
})
