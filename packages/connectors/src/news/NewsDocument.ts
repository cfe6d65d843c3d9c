/**
 * The documents of news feeds: RSS 2.0 and 1.0, Atom (RFC 4287) and JSON Feed 1.1, each into the same entries.
 *
 * What kind a document is, its first character and its root say, and not the content type, which servers often get wrong.
 */
import { Result } from "effect"
import { readJsonFeed } from "./JsonFeed.ts"
import { DocumentUnreadable, type NewsEntry } from "./NewsEntry.ts"
import { readXmlFeed } from "./XmlFeed.ts"

/** The text encoding by byte order mark, XML declaration or content type; UTF-8 otherwise. */
const encodingOf = (bytes: Uint8Array, contentType: string): string => {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le"
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be"
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return "utf-8"
  const declaration = /^<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]{1,40})["']/.exec(Buffer.from(bytes.subarray(0, 200)).toString("latin1"))
  return declaration?.[1] ?? /charset\s*=\s*"?([\w.:-]{1,40})/i.exec(contentType)?.[1] ?? "utf-8"
}

export const readDocument = (bytes: Uint8Array, contentType: string): Result.Result<ReadonlyArray<NewsEntry>, DocumentUnreadable> => {
  const encoding = encodingOf(bytes, contentType)
  const text = Result.try(() => new TextDecoder(encoding).decode(bytes).trimStart())
  if (Result.isFailure(text)) return Result.fail(new DocumentUnreadable({ problem: `the encoding ${encoding} is not known` }))
  if (text.success.startsWith("{")) return readJsonFeed(text.success)
  if (text.success.startsWith("<")) return readXmlFeed(text.success)
  return Result.fail(
    new DocumentUnreadable({ problem: text.success === "" ? "the document is empty" : "the document is neither XML nor JSON" })
  )
}
