/** Email, as RFC 5321 and 5322 describe it. */
import { Redacted } from "effect"
import { makeEmail } from "../../src/receiver/service/Email.ts"
import { escapedHtml } from "../../src/receiver/service/Service.ts"
import { readMime } from "../support/MimeMessage.ts"
import type { ServiceRequest, ServiceUnderTest } from "../support/ServiceServer.ts"
import { smtp } from "../support/SmtpServer.ts"

const password = "P4SSW0RD"
const id = /^<[!-;=?-~]+@[A-Za-z0-9.-]+>$/

const problemOf = ({ body, headers: envelope, method, path }: ServiceRequest): string | undefined => {
  if (method !== `DATA by ${password}`) return "authentication is required"
  if (envelope["from"] !== "evenkeel@desk.example" || path !== "ops@desk.example,cfo@desk.example") return "the envelope is not ours"
  if (Buffer.byteLength(body) > 10 * 1024 * 1024) return "too big"
  if (body.split("\r\n").some((line) => line.length > 998 || /[\n\r]/.test(line))) return "a line is too long, or not one"
  if (/[^\t\r\n -~]/.test(body)) return "not in seven bits"
  const { headers, parts } = readMime(body)
  if (!id.test(headers["message-id"] ?? "") || !id.test(headers["in-reply-to"] ?? "")) return "not an id"
  if (!(headers["references"] ?? "").split(" ").every((each) => id.test(each))) return "not references"
  if (Number.isNaN(Date.parse(headers["date"] ?? "")) || headers["auto-submitted"] !== "auto-generated") return "a header is missing"
  if (headers["from"] !== "Evenkeel <evenkeel@desk.example>" || headers["subject"] === "") return "a header is not ours"
  if (parts["text/plain"] === undefined || parts["text/html"] === undefined) return "a part is missing"
  return undefined
}

export const email: ServiceUnderTest = {
  name: "Email",
  protocol: smtp,
  make: (origin) =>
    makeEmail(
      {
        type: "email",
        name: "mail",
        host: new URL(origin).hostname,
        port: Number(new URL(origin).port),
        user: "mailer",
        password: Redacted.make(password),
        from: "evenkeel@desk.example",
        to: ["ops@desk.example", "cfo@desk.example", "ops@desk.example"]
      },
      { link: "https://desk.example" }
    ),
  take: (request) => {
    const problem = problemOf(request)
    return problem === undefined ? { status: 250 } : { status: 554, body: problem }
  },
  secrets: [password],
  shown: (requests) =>
    requests
      .map(({ body }) => readMime(body))
      // Subject and text are plain: nothing in them has a meaning.
      .flatMap(({ headers, parts }) => [
        escapedHtml(headers["subject"] ?? ""),
        escapedHtml(parts["text/plain"] ?? ""),
        parts["text/html"] ?? ""
      ])
      .join("\n"),
  escapes: escapedHtml,
  keys: (requests) => requests.flatMap(({ body }) => readMime(body).headers["references"]?.split(" ") ?? [])
}
