/**
 * RSS 2.0, RSS 1.0 and Atom, read as a stream of tags: no tree is built, and what is not looked for costs nothing.
 *
 * The document must be well-formed. Entities that it declares itself are not expanded, so none can grow; references that are unknown stay as
 * they are, because feeds often hold those of HTML.
 */
import { Result } from "effect"
import { SaxesParser, type SaxesTagNS } from "saxes"
import { cleanText, rawMax } from "./CleanText.ts"
import { DocumentUnreadable, entriesMax, type NewsEntry } from "./NewsEntry.ts"
import { newsTime } from "./NewsTime.ts"

/** Tags within each other; no feed has so many. */
const depthMax = 64
/** Tags and attributes of a document; a megabyte of articles has some 20,000. More would hold up everything else while they are read. */
const tagsMax = 50_000
/** References that are unknown; each costs the parser an error with its stack. */
const unknownMax = 1000
const none = ""
const atom = "http://www.w3.org/2005/Atom"
const rss1 = "http://purl.org/rss/1.0/"
const rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
const dublinCore = "http://purl.org/dc/elements/1.1/"

interface Dialect {
  readonly root: string
  readonly space: string
  readonly item: string
  readonly itemSpace: string
}
const dialects: ReadonlyArray<Dialect> = [
  { root: "rss", space: none, item: "item", itemSpace: none },
  { root: "RDF", space: rdf, item: "item", itemSpace: rss1 },
  { root: "feed", space: atom, item: "entry", itemSpace: atom }
]

/** Elements of an item that are read, by local name. */
const wanted = ["title", "link", "guid", "id", "pubDate", "published", "updated", "date", "description", "summary", "content"] as const
type Wanted = (typeof wanted)[number]

/** The name of an element that is wanted; Dublin Core's is its date alone. */
const wantedOf = ({ local, uri }: SaxesTagNS, space: string): Wanted | undefined =>
  uri === space || (uri === dublinCore && local === "date") ? wanted.find((name) => name === local) : undefined

/** Of an Atom link: where a reader goes, and not the feed itself or a file. */
const hrefOf = ({ attributes }: SaxesTagNS): string =>
  ["alternate", undefined].includes(attributes["rel"]?.value) ? (attributes["href"]?.value ?? "") : ""

class XmlReader {
  readonly entries: Array<NewsEntry> = []
  readonly #parser = new SaxesParser({ xmlns: true, position: false })
  #dialect: Dialect | undefined
  #depth = 0
  #tags = 0
  #unknown = 0
  /** Depth of the item in hand, and of its element in hand; 0 outside. */
  #item = 0
  #element = 0
  #name: Wanted = "title"
  #fields = new Map<Wanted, string>()

  read(text: string): void {
    this.#parser.on("error", (error) => {
      if (!error.message.includes("undefined entity")) throw error
      if (++this.#unknown > unknownMax) throw new DocumentUnreadable({ problem: `more than ${unknownMax} references that are unknown` })
    })
    this.#parser.on("opentagstart", () => this.#count())
    this.#parser.on("attribute", () => this.#count())
    this.#parser.on("opentag", (tag) => this.#open(tag))
    this.#parser.on("text", (part) => this.#add(part))
    this.#parser.on("cdata", (part) => this.#add(part))
    this.#parser.on("closetag", () => this.#close())
    this.#parser.write(text).close()
  }

  #count(): void {
    if (++this.#tags > tagsMax) throw new DocumentUnreadable({ problem: `more than ${tagsMax} tags and attributes` })
  }

  #open(tag: SaxesTagNS): void {
    this.#depth++
    if (this.#depth > depthMax) throw new DocumentUnreadable({ problem: `more than ${depthMax} tags within each other` })
    if (this.#depth === 1) {
      this.#dialect = dialects.find(({ root, space }) => tag.local === root && tag.uri === space)
      if (this.#dialect === undefined) throw new DocumentUnreadable({ problem: "the document is XML and no feed: neither RSS nor Atom" })
      return
    }
    const { item, itemSpace } = this.#dialect!
    if (this.#item === 0) {
      if (tag.local !== item || tag.uri !== itemSpace) return
      this.#item = this.#depth
      this.#fields = new Map([["id", tag.attributes["rdf:about"]?.value ?? ""]])
      return
    }
    if (this.#depth !== this.#item + 1) return
    const name = wantedOf(tag, itemSpace)
    // The first of several counts.
    if (name === undefined || (this.#fields.get(name) ?? "") !== "") return
    this.#element = this.#depth
    this.#name = name
    this.#fields.set(name, name === "link" && itemSpace === atom ? hrefOf(tag) : "")
  }

  #add(part: string): void {
    if (this.#element === 0) return
    const known = this.#fields.get(this.#name) ?? ""
    if (known.length < rawMax) this.#fields.set(this.#name, known + part.slice(0, rawMax))
  }

  #close(): void {
    if (this.#depth === this.#element) this.#element = 0
    if (this.#depth === this.#item) {
      this.#item = 0
      if (this.entries.length < entriesMax) this.entries.push(this.#entry())
    }
    this.#depth--
  }

  #entry(): NewsEntry {
    const field = (...names: ReadonlyArray<Wanted>) => {
      for (const name of names) {
        const text = this.#fields.get(name)?.trim() ?? ""
        if (text !== "") return text
      }
      return ""
    }
    const title = cleanText(field("title"))
    const guid = field("guid", "id")
    const link = field("link")
    return {
      id: guid,
      title: title === "" ? cleanText(field("description", "summary", "content")) : title,
      // A guid is an address unless it says otherwise; where there is no other one it is taken for it if it looks so.
      link: link === "" && /^https?:\/\//.test(guid) ? guid : link,
      published: newsTime(field("pubDate", "published", "date", "updated"))
    }
  }
}

export const readXmlFeed = (text: string): Result.Result<ReadonlyArray<NewsEntry>, DocumentUnreadable> => {
  const reader = new XmlReader()
  return Result.try({
    try: () => {
      reader.read(text)
      return reader.entries
    },
    catch: (error) =>
      error instanceof DocumentUnreadable
        ? error
        : new DocumentUnreadable({ problem: `the XML is not well-formed: ${cleanText(error instanceof Error ? error.message : "")}` })
  })
}
