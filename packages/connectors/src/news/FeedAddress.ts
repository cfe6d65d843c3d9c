/** What the items of a feed link to: whose page it is, and whether two links mean the same one. */

/** The address that a link means, seen from its document; undefined for what no browser should open. */
export const linkOf = (link: string, base: string): string | undefined => {
  if (link === "" || link.length > linkMax || !URL.canParse(link, base)) return undefined
  const url = new URL(link, base)
  if ((url.protocol !== "https:" && url.protocol !== "http:") || url.username !== "" || url.password !== "") return undefined
  return url.href.length > linkMax ? undefined : url.href
}

/** A longer link is left out. */
const linkMax = 1000

/** The same for two links to one page: without scheme, fragment, trackers and closing slash. Empty for a site's front page, which many items share. */
export const pageOf = (link: string): string => {
  if (link === "") return ""
  const url = new URL(link)
  const trackers = Array.from(url.searchParams.keys()).filter((name) => /^(utm_\w+|fbclid|gclid|ref|source|cmp)$/i.test(name))
  for (const name of trackers) url.searchParams.delete(name)
  const path = `${url.pathname.replace(/\/+$/, "")}${url.search}`
  return path === "" ? "" : `${url.host.replace(/^www\./, "")}${path}`
}

/** Whether the page stands on the host of the feed itself, which then says what is on it. */
export const isOwnPage = (link: string, feed: string): boolean => {
  const hostOf = (address: string) => new URL(address).host.replace(/^www\./, "")
  return link !== "" && hostOf(link) === hostOf(feed)
}
