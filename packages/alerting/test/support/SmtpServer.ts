/** A mail server on loopback, as strict or as broken as a test says. */
import { Effect } from "effect"
import { SMTPServer, type SMTPServerOptions } from "smtp-server"
import type { Protocol, ServiceAnswer, ServiceRequest, ServiceServer, ServiceUnderTest } from "./ServiceServer.ts"

/** `path` has the recipients of the envelope, and `body` the message as it came. */
export const smtpReply = ({ body = "no", status }: ServiceAnswer): Error => Object.assign(new Error(body), { responseCode: status })

export interface SmtpServerForTest extends ServiceServer {
  readonly port: number
}

export const serveSmtp = ({ options = {}, take }: Pick<ServiceUnderTest, "take"> & { readonly options?: SMTPServerOptions }) =>
  Effect.acquireRelease(
    Effect.callback<SmtpServerForTest & { readonly close: () => void }>((resume) => {
      const requests: Array<ServiceRequest> = []
      const answers: ServiceServer["answers"] = []
      const server = new SMTPServer({
        disabledCommands: ["STARTTLS"],
        authOptional: true,
        allowInsecureAuth: true,
        // Whoever comes is known by his password, so that what repeats the request shows it.
        onAuth: ({ password }, _session, callback) => callback(null, { user: password }),
        closeTimeout: 1,
        logger: false,
        ...options,
        onData: (stream, { envelope, secure, user }, callback) => {
          const chunks: Array<Buffer> = []
          stream
            .on("data", (chunk: Buffer) => chunks.push(chunk))
            .on("end", () => {
              const request = {
                method: `DATA${secure ? " over TLS" : ""}${typeof user === "string" ? ` by ${user}` : ""}`,
                path: envelope.rcptTo.map(({ address }) => address).join(","),
                headers: envelope.mailFrom === false ? {} : { from: envelope.mailFrom.address },
                body: Buffer.concat(chunks).toString("latin1")
              }
              requests.push(request)
              const next = answers.shift() ?? take(request)
              const answer = next === "echo" ? smtp.refusal(`${request.method} to ${request.path}`) : next
              if (answer !== "hang") callback(answer.status < 300 ? null : smtpReply(answer))
            })
        }
      })
      // A client that goes away in the midst of things is what tests are for.
      server.on("error", () => undefined)
      const listening = server.listen(0, "127.0.0.1", () => {
        const address = listening.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({ origin: `smtp://127.0.0.1:${port}`, port, requests, answers, close: () => server.close() }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

export const smtp: Protocol = {
  serve: serveSmtp,
  busy: [
    { status: 451, body: "4.3.0 try again" },
    { status: 421, body: "4.3.2 shutting down" }
  ],
  refusal: (body) => ({ status: 554, body }),
  wait: undefined
}
