/**
 * The names under which the server answers.
 *
 * A page on the internet can let its own name point to 127.0.0.1, and a browser then lets it read whatever answers there (DNS rebinding); but the
 * browser says that name in `Host`. A server on loopback therefore answers to loopback's names and to configured ones, those of a proxy before it. One that
 * listens for everybody is reached under names that it cannot know, and is as strict once they are configured.
 */
import { isIPv4 } from "node:net"

export interface HostNames {
  /** Where the server listens. */
  readonly host: string
  /** Without ports, beside loopback's. */
  readonly names: ReadonlyArray<string>
}

/** The name or address of a `Host` value, in lower case; undefined for none that can be read. */
const nameOf = (host: string): string | undefined =>
  /^[^@/?#\\\s]+$/.test(host) && URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname.replace(/\.$/, "") : undefined

const isLoopback = (name: string): boolean =>
  name === "localhost" || name.endsWith(".localhost") || name === "[::1]" || name === "::1" || (isIPv4(name) && name.startsWith("127."))

/** Whether a `Host` value is one of loopback's names. */
export const isLoopbackHost = (host: string | undefined): boolean => {
  const name = host === undefined ? undefined : nameOf(host)
  return name !== undefined && isLoopback(name)
}

/** Whether a request with this `Host` is answered; one of HTTP/1.0 may have none, and no browser sends it. */
export const answersTo = ({ host, names }: HostNames): ((value: string | undefined) => boolean) => {
  if (!isLoopback(host) && names.length === 0) return () => true
  const configured = new Set(names.map(nameOf))
  return (value) => {
    if (value === undefined) return true
    const name = nameOf(value)
    return name !== undefined && (isLoopback(name) || configured.has(name))
  }
}
