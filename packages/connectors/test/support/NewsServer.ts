/** News feeds on loopback: by path, what each answers now, and what it was asked. */
import { Effect } from "effect"
import { createServer, type IncomingHttpHeaders } from "node:http"

export interface NewsAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Nothing comes behind the head. */
  readonly isSilent?: boolean
}

export const serveNews = (answer: (path: string, headers: IncomingHttpHeaders) => NewsAnswer) =>
  Effect.acquireRelease(
    Effect.callback<{
      readonly url: string
      /** The requests so far, path and headers. */
      readonly asked: ReadonlyArray<{ readonly path: string; readonly headers: IncomingHttpHeaders }>
      readonly close: () => void
    }>((resume) => {
      const asked: Array<{ readonly path: string; readonly headers: IncomingHttpHeaders }> = []
      const server = createServer(({ headers, url = "" }, response) => {
        asked.push({ path: url, headers })
        const { body = "", headers: own = {}, isSilent = false, status = 200 } = answer(url, headers)
        response.writeHead(status, { ...own })
        if (isSilent) response.write(" ")
        else response.end(body)
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(
          Effect.succeed({
            url: `http://127.0.0.1:${port}`,
            asked,
            close: () => {
              server.closeAllConnections()
              server.close()
            }
          })
        )
      })
    }),
    ({ close }) => Effect.sync(close)
  )

/** An RSS document of items, the newest first. */
export const rssOf = (
  items: ReadonlyArray<{ readonly title: string; readonly guid?: string; readonly link?: string; readonly date?: string }>
) => {
  const text = (value: string) => value.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
  const tag = (name: string, value: string | undefined) => (value === undefined ? "" : `<${name}>${text(value)}</${name}>`)
  return `<rss version="2.0"><channel><title>t</title>${items
    .map(
      ({ date, guid, link, title }) => `<item>${tag("title", title)}${tag("guid", guid)}${tag("link", link)}${tag("pubDate", date)}</item>`
    )
    .join("")}</channel></rss>`
}
