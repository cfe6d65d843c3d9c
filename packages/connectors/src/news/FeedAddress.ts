/**
 * Addresses that come with news: where a feed sends its reader on to, what its items link to.
 *
 * A feed must not lead the engine into the network that it stands in (a metadata service, a router, a database). So private addresses are refused, by
 * what a name resolves to at the very moment of connecting: a name that is public when it is looked at may be private when it is connected to.
 */
import { lookup } from "node:dns"
import { BlockList, isIP, type LookupFunction } from "node:net"

const blocked = new BlockList()
for (const [net, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4]
] as const)
  blocked.addSubnet(net, bits, "ipv4")
for (const [net, bits] of [
  ["::", 128],
  ["::1", 128],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8]
] as const)
  blocked.addSubnet(net, bits, "ipv6")

/** Not an address of the public internet. An IPv4 address within an IPv6 one counts as itself. */
export const isPrivateAddress = (address: string): boolean => {
  const family = isIP(address)
  return family === 0 || blocked.check(address, family === 4 ? "ipv4" : "ipv6")
}

/** A URL whose host is private by what it says, before any name is resolved. */
export const isPrivateUrl = ({ hostname }: URL): boolean => {
  const host = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "")
  if (isIP(host) !== 0) return isPrivateAddress(host)
  return /(^|\.)(localhost|local|internal|intranet|lan|home\.arpa)$/.test(host) || !host.includes(".")
}

/** The code of the error with which `publicLookup` refuses a name. */
export const privateCode = "EPRIVATE"

/** For sockets' `lookup`: a name of which any address is private is not resolved. */
export const publicLookup: LookupFunction = (hostname, options, callback) =>
  lookup(hostname, options, (error, found, family) => {
    const addresses = typeof found === "string" ? [found] : (found ?? []).map(({ address }) => address)
    if (error === null && addresses.some(isPrivateAddress)) {
      callback(Object.assign(new Error("a private address"), { code: privateCode }), [], 0)
    } else callback(error, found, family)
  })

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
