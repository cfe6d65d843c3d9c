/**
 * Which addresses are not the public internet's, and a lookup that resolves no name to one.
 *
 * An address that somebody else chose (a feed that leads on, a webhook) must not lead the engine into the network that it stands in: a metadata
 * service, a router, a database. What a name resolves to is judged at the very moment of connecting: a name that is public when it is looked at may be
 * private when it is connected to.
 */
import { lookup } from "node:dns"
import { BlockList, isIP, type LookupFunction } from "node:net"

/** iana.org/assignments/iana-ipv4-special-registry, and multicast. */
const special = new BlockList()
for (const [net, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4]
] as const)
  special.addSubnet(net, bits, "ipv4")
/** iana.org/assignments/iana-ipv6-special-registry: protocols such as Teredo, which hold an IPv4 address, and documentation. */
for (const [net, bits] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20]
] as const)
  special.addSubnet(net, bits, "ipv6")

/** The public addresses of IPv6 are all in here: whatever holds an IPv4 address in another form is not. */
const public6 = new BlockList()
public6.addSubnet("2000::", 3, "ipv6")

/** Not an address of the public internet. */
export const isPrivateAddress = (address: string): boolean => {
  const family = isIP(address)
  if (family === 4) return special.check(address, "ipv4")
  return family === 0 || !public6.check(address, "ipv6") || special.check(address, "ipv6")
}

/** A URL whose host is private by what it says, before any name is resolved. */
export const isPrivateUrl = ({ hostname }: URL): boolean => {
  const host = hostname.replace(/^\[|\]$/g, "").replace(/\.+$/, "")
  if (isIP(host) !== 0) return isPrivateAddress(host)
  return /(^|\.)(localhost|localdomain|local|internal|intranet|lan|home\.arpa)$/.test(host) || !host.includes(".")
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
