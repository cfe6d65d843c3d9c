/** Text messages, as twilio.com describes its Messages resource. */
import { Redacted } from "effect"
import { makeSms } from "../../src/receiver/service/Sms.ts"
import type { ServiceRequest, ServiceUnderTest } from "../support/ServiceServer.ts"

const account = "AC0123456789"
const token = "T0K3N:+/"
const credentials = Buffer.from(`${account}:${token}`).toString("base64")
const formOf = ({ body }: ServiceRequest) => Object.fromEntries(new URLSearchParams(body))

/** With Twilio's own numbers of what is wrong. */
const problemOf = (request: ServiceRequest): string | undefined => {
  if (request.method !== "POST" || request.headers["content-type"] !== "application/x-www-form-urlencoded") return "20001 not a form"
  const { Body = "", From = "", To = "" } = formOf(request)
  if (!/^\+[1-9]\d{1,14}$/.test(To)) return "21211 'To' is not a number"
  if (From !== "+15005550006") return "21212 'From' is not ours"
  if (Body === "") return "21602 no body"
  // Shorter than what the service would take: it is paid by length.
  return Body.length > 320 ? "21617 body too long" : undefined
}

export const sms: ServiceUnderTest = {
  name: "SMS",
  make: (origin) =>
    makeSms(
      {
        type: "sms",
        name: "phones",
        account,
        token: Redacted.make(token),
        from: "+15005550006",
        to: ["+4915112345678", "+14155550100", "+4915112345678"],
        url: Redacted.make(origin)
      },
      { link: "https://desk.example" }
    ),
  take: (request) => {
    if (request.path !== `/2010-04-01/Accounts/${account}/Messages.json`) return { status: 404 }
    if (request.headers.authorization !== `Basic ${credentials}`) return { status: 401, body: "20003 Authenticate" }
    const problem = problemOf(request)
    return problem === undefined ? { status: 201, body: `{"status":"queued"}` } : { status: 400, body: problem }
  },
  secrets: [token, credentials],
  shown: (requests) => requests.map((request) => formOf(request)["Body"]).join("\n")
}
