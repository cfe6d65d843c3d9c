import { assert, describe, it } from "@effect/vitest"
import { decodeNews, newsPayload } from "@evenkeel/domain/market/News"
import { Option, Result } from "effect"
import { atomDocument, jsonDocument, rss1Document, rssDocument } from "../../test/support/NewsDocuments.ts"
import { titleMax } from "./CleanText.ts"
import { linkOf } from "./FeedAddress.ts"
import { makeNamedCoins } from "./NamedCoins.ts"
import { readDocument } from "./NewsDocument.ts"
import type { NewsEntry } from "./NewsEntry.ts"
import { NewsMemory } from "./NewsMemory.ts"
import { toneOf } from "./Tone.ts"

const bytesOf = (text: string) => new TextEncoder().encode(text)
const read = (text: string | Uint8Array, contentType = "") =>
  Result.getOrThrow(readDocument(typeof text === "string" ? bytesOf(text) : text, contentType))
const problemOf = (text: string | Uint8Array, contentType = ""): string => {
  const result = readDocument(typeof text === "string" ? bytesOf(text) : text, contentType)
  return Result.isFailure(result) ? result.failure.message : "none"
}
const at = (date: string) => Date.parse(date)
const wrapped = (items: string) => `<rss version="2.0"><channel><title>x</title>${items}</channel></rss>`

describe("readDocument", () => {
  it("reads RSS 2.0 with namespaces, CDATA, escaped HTML, missing ids and bad dates", () => {
    assert.deepStrictEqual(read(rssDocument), [
      {
        id: "tag:1",
        title: "USDC loses its peg – Circle’s reserves at SVB",
        link: "https://news.example/1?utm_source=rss",
        published: at("2023-03-11T02:15:00Z")
      },
      {
        id: "https://news.example/2",
        title: "Coinbase pauses USDC conversions & waits",
        link: "https://news.example/2",
        published: at("2023-03-11T03:00:00Z")
      },
      { id: "", title: "DAI follows", link: "/relative/3", published: Number.NaN },
      { id: "", title: "No title, only text of USDT.", link: "", published: at("2023-03-10T23:59:59Z") }
    ])
  })

  it("reads Atom with its links, its kinds of text and its two dates", () => {
    assert.deepStrictEqual(read(atomDocument), [
      { id: "urn:uuid:1", title: "Tether resumes redemptions", link: "https://status.example/1", published: at("2023-03-11T10:00:00Z") },
      { id: "urn:uuid:2", title: "USDC & DAI: all systems go", link: "/2", published: at("2023-03-11T08:30:00Z") }
    ])
  })

  it("reads RSS 1.0 with Dublin Core", () => {
    assert.deepStrictEqual(read(rss1Document), [
      { id: "https://rdf.example/1", title: "FRAX is fully backed", link: "https://rdf.example/1", published: at("2023-03-11T00:00:00Z") }
    ])
  })

  it("reads JSON Feed, with ids that are numbers, and passes over items in no known form", () => {
    assert.deepStrictEqual(read(jsonDocument, "text/plain"), [
      { id: "1", title: "USDT delisted", link: "https://json.example/1", published: at("2023-03-11T01:00:00Z") },
      { id: "two", title: "Only text of USDC", link: "https://json.example/elsewhere", published: Number.NaN }
    ])
  })

  it("knows other encodings by mark, declaration and content type", () => {
    const title = "<rss version='2.0'><channel><item><title>caf\u00e9 USDC</title></item></channel></rss>"
    const latin = Buffer.from(`<?xml version="1.0" encoding="ISO-8859-1"?>${title}`, "latin1")
    const wide = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(title, "utf16le")])
    for (const [bytes, contentType] of [
      [latin, ""],
      [wide, ""],
      [Buffer.from(title, "latin1"), "text/xml; charset=windows-1252"],
      [Buffer.from(`\ufeff${title}`), ""]
    ] as const)
      assert.strictEqual(read(bytes, contentType)[0]?.title, "café USDC")
    assert.include(problemOf(Buffer.from(`<?xml version="1.0" encoding="klingon"?>${title}`)), "klingon is not known")
  })

  it("says what is no feed, and what is not well-formed", () => {
    for (const [text, problem] of [
      ["", "the document is empty"],
      ["hello", "neither XML nor JSON"],
      ["<html><body>403</body></html>", "neither RSS nor Atom"],
      ["<!doctype html><html></html>", "not well-formed"],
      [wrapped("<item><title>USDC</item>"), "not well-formed"],
      [wrapped("<item><title>USDC").slice(0, 60), "not well-formed"],
      ["{", "no JSON Feed"],
      ['{"version":"https://jsonfeed.org/version/1.1"}', "no JSON Feed"],
      [`{"version":"https://jsonfeed.org/version/1.1","items":${"[".repeat(100_000)}`, "no JSON Feed"],
      [wrapped(`${"<a>".repeat(70)}${"</a>".repeat(70)}`), "more than 64 tags within each other"]
    ] as const)
      assert.include(problemOf(text), problem, text.slice(0, 60))
  })

  it("expands no entity that a document declares, and reaches for no file", () => {
    const laughs = Array.from({ length: 10 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join("")
    const bomb = `<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "lol">${laughs}<!ENTITY f SYSTEM "file:///etc/passwd">]>${wrapped("<item><title>USDC &l10; &f; &hellip;</title></item>")}`
    assert.strictEqual(read(bomb)[0]?.title, "USDC &l10; &f; ...")
  })

  it("makes titles plain: one line, without markup and marks that nobody sees, of a bounded length", () => {
    const [first, second] = read(
      wrapped(
        `<item><title>&lt;b onclick="x"&gt;U\u200bSDC&lt;/b&gt;\n \u202eis&#9;fine\u2028now \uff35\uff33\uff24\uff34 &amp;amp; &amp;#x41;&amp;#1114112;</title></item><item><title>${"USDC 😀".repeat(200)}</title></item>`
      )
    )
    assert.strictEqual(first?.title, "USDC is fine now USDT & A")
    assert.isAtMost(second!.title.length, titleMax)
    assert.isTrue(second!.title.isWellFormed())
  })

  it("refuses a document that would hold up everything else while it is read", () => {
    const title = (text: string) => wrapped(`<item><title>${text}</title></item>`)
    assert.lengthOf(read(title("&a;".repeat(1000))), 1)
    for (const [document, problem] of [
      [title("&a;".repeat(1001)), "more than 1000 references that are unknown"],
      [wrapped(`<item a="${"&a;".repeat(1001)}"/>`), "more than 1000 references that are unknown"],
      [wrapped("<b/>".repeat(50_000)), "more than 50000 tags and attributes"],
      [wrapped(`<item ${Array.from({ length: 50_000 }, (_, n) => `a${n}=""`).join(" ")}/>`), "more than 50000 tags and attributes"]
    ] as const)
      assert.include(problemOf(document), problem)
    assert.strictEqual(read(title("\ufdfa".repeat(4000)))[0]?.title.length, titleMax)
  })

  it("takes a bounded number of entries, and the first of several fields", () => {
    const items = "<item><title>a</title><title>b</title><guid>1</guid></item>".repeat(1500)
    const entries = read(wrapped(items))
    assert.lengthOf(entries, 1000)
    assert.strictEqual(entries[0]?.title, "a")
  })

  it("answers every damaged document with entries that are plain, or with what is wrong, and soon", () => {
    let seed = 5
    const below = (bound: number) => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 7) % bound
    const pick = <A>(from: ReadonlyArray<A>): A => from[below(from.length)]!
    const documents = [rssDocument, atomDocument, rss1Document, jsonDocument].map(bytesOf)
    const pieces = [
      "<",
      ">",
      "&",
      "]]>",
      "<![CDATA[",
      "<!--",
      "<?xml ?>",
      '"',
      "{",
      "[",
      "null",
      "1e999",
      "\u0000",
      "\ud800",
      "&#0;",
      "&#x110000;",
      "xmlns=''",
      "<item>",
      "</item>"
    ].map(bytesOf)
    const named = makeNamedCoins(["USDC", "USDT", "DAI", "FRAX"])
    const memory = new NewsMemory()
    let good = 0
    let bad = 0
    for (let n = 0; n < 3000; n++) {
      let bytes: Uint8Array = Uint8Array.from(pick(documents))
      for (let changes = 1 + below(3); changes > 0; changes--) {
        const from = below(bytes.length)
        const to = Math.min(bytes.length, from + below(20))
        const piece = below(3) === 0 ? pick(documents).slice(0, below(300)) : pick(pieces)
        if (below(4) === 0) bytes[from]! ^= 1 << below(8)
        else bytes = Buffer.concat([bytes.subarray(0, from), piece, bytes.subarray(to)])
      }
      const result = readDocument(bytes, "")
      if (Result.isFailure(result)) {
        bad++
        assert.isNotEmpty(result.failure.message)
        continue
      }
      good++
      result.success.forEach((entry: NewsEntry) => {
        assert.isAtMost(entry.title.length, titleMax)
        assert.notMatch(entry.title, /[\p{C}\p{Zl}\p{Zp}]/u)
        assert.isTrue(Number.isNaN(entry.published) || Number.isSafeInteger(entry.published))
        const coins = toneOf(entry.title, named)
        const link = linkOf(entry.link, "https://news.example/rss") ?? ""
        assert.isTrue(link === "" || /^https?:/.test(link))
        const item = { feed: "desk", id: entry.id, title: entry.title, link, isOwnPage: true, isDated: true, time: n, coins }
        if (coins.length > 0 && !memory.knows(item)) memory.add(item)
        assert.isTrue(Option.isSome(decodeNews(newsPayload({ feed: "desk", items: [item] }))))
      })
    }
    assert.isAbove(memory.size, 10)
    assert.isAbove(good, 100)
    assert.isAbove(bad, 1000)
  })
})
