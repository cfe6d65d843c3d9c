/** JSON Feed 1.1 (jsonfeed.org/version/1.1). An item that is in no known form is passed over, and the others are taken. */
import { Option, Result, Schema } from "effect"
import { cleanText } from "./CleanText.ts"
import { DocumentUnreadable, entriesMax, type NewsEntry } from "./NewsEntry.ts"
import { newsTime } from "./NewsTime.ts"

const Feed = Schema.Struct({
  version: Schema.String.check(Schema.isPattern(/^https:\/\/jsonfeed\.org\/version\//)),
  items: Schema.Array(Schema.Unknown)
})
const Text = Schema.optional(Schema.NullOr(Schema.String))
const Item = Schema.Struct({
  /** A string by the standard, which also asks readers to take numbers. */
  id: Schema.optional(Schema.Union([Schema.String, Schema.Finite])),
  url: Text,
  external_url: Text,
  title: Text,
  summary: Text,
  content_text: Text,
  content_html: Text,
  date_published: Text,
  date_modified: Text
})
const decodeFeed = Schema.decodeUnknownOption(Schema.fromJsonString(Feed))
const decodeItem = Schema.decodeUnknownOption(Item)

const entryOf = (item: unknown): ReadonlyArray<NewsEntry> => {
  const decoded = decodeItem(item)
  if (Option.isNone(decoded)) return []
  const { content_html, content_text, date_modified, date_published, external_url, id, summary, title, url } = decoded.value
  const first = (...texts: ReadonlyArray<string | null | undefined>) =>
    texts.find((text) => typeof text === "string" && text.trim() !== "") ?? ""
  return [
    {
      id: String(id ?? "").trim(),
      title: cleanText(first(title, summary, content_text, content_html)),
      link: first(url, external_url).trim(),
      published: newsTime(first(date_published, date_modified))
    }
  ]
}

export const readJsonFeed = (text: string): Result.Result<ReadonlyArray<NewsEntry>, DocumentUnreadable> => {
  const feed = decodeFeed(text)
  return Option.isSome(feed)
    ? Result.succeed(feed.value.items.slice(0, entriesMax).flatMap(entryOf))
    : Result.fail(new DocumentUnreadable({ problem: "the document is JSON and no JSON Feed" }))
}
