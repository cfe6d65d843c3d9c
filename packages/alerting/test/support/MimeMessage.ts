/** Reads a message as a mail reader does: RFC 5322 headers, RFC 2047 words, and the parts of a `multipart/alternative`. */

export interface MimeMessage {
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /** By content type. */
  readonly parts: Readonly<Record<string, string>>
}

const bytesOf = (text: string, encoding: string): Buffer =>
  encoding === "base64"
    ? Buffer.from(text, "base64")
    : encoding === "quoted-printable"
      ? Buffer.from(
          text.replace(/=\r\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
          "latin1"
        )
      : Buffer.from(text, "latin1")

const wordsOf = (value: string): string =>
  value
    .replace(/\?=\s+=\?/g, "?==?")
    .replace(/=\?utf-8\?([bq])\?(.*?)\?=/gi, (_, kind: string, text: string) =>
      bytesOf(
        kind.toLowerCase() === "b" ? text : text.replaceAll("_", " "),
        kind.toLowerCase() === "b" ? "base64" : "quoted-printable"
      ).toString()
    )

const split = (raw: string): readonly [headers: Record<string, string>, body: string] => {
  const end = raw.indexOf("\r\n\r\n")
  const headers: Record<string, string> = {}
  for (const line of raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, " ")
    .split("\r\n")) {
    const colon = line.indexOf(":")
    headers[line.slice(0, colon).toLowerCase()] = wordsOf(line.slice(colon + 1).trim())
  }
  return [headers, raw.slice(end + 4)]
}

export const readMime = (raw: string): MimeMessage => {
  const [headers, body] = split(raw)
  const boundary = /boundary="([^"]+)"/.exec(headers["content-type"] ?? "")?.[1] ?? ""
  const parts: Record<string, string> = {}
  for (const part of body.split(`--${boundary}`).slice(1, -1)) {
    const [own, text] = split(part.replace(/^\r\n/, ""))
    const type = (own["content-type"] ?? "").split(";")[0]!
    parts[type] = bytesOf(text, own["content-transfer-encoding"] ?? "").toString()
  }
  return { headers, parts }
}
