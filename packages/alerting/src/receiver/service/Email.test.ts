/** The real client against a mail server on loopback: what passwords, certificates, recipients and threads come to. */
import { assert, layer } from "@effect/vitest"
import type { Notification } from "@evenkeel/domain/alert/Alert"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Effect, Layer, Redacted } from "effect"
import type { SMTPServerOptions } from "smtp-server"
import { getCACertificates, setDefaultCACertificates } from "node:tls"
import { certificate } from "../../../test/support/Certificate.ts"
import { levelChange } from "../../../test/support/LevelChange.ts"
import { readMime } from "../../../test/support/MimeMessage.ts"
import { alertFor, notificationFor } from "../../../test/support/Notification.ts"
import { serveSmtp, smtpReply } from "../../../test/support/SmtpServer.ts"
import { type EmailOptions, makeEmail } from "./Email.ts"

const platform = Policies.layer({
  deliver: {
    timeout: "2 seconds",
    retry: { times: 1, base: "1 millis", max: "5 millis" },
    // One test's failures are not another's.
    breaker: { failures: 100, openFor: "1 second", successes: 1 }
  }
}).pipe(Layer.provideMerge(HealthRegistry.layer))

const account = { user: "mailer", password: "s3cr3t" }
const login: EmailOptions = {
  type: "email",
  name: "mail",
  host: "127.0.0.1",
  user: account.user,
  password: Redacted.make(account.password),
  from: "evenkeel@desk.example",
  to: ["ops@desk.example"]
}

/** As the server's authority: until the scope closes. */
const trusted = Effect.acquireRelease(
  Effect.sync(() => {
    const before = getCACertificates()
    setDefaultCACertificates([...before, certificate.cert])
    return before
  }),
  (before) => Effect.sync(() => setDefaultCACertificates(before))
)

/** A server that asks for the password, and what it saw of it. */
const start = Effect.fnUntraced(function* (options: SMTPServerOptions, over: Partial<EmailOptions> = {}) {
  const passwords: Array<string> = []
  const server = yield* serveSmtp({
    take: () => ({ status: 250 }),
    options: {
      ...certificate,
      authOptional: false,
      disabledCommands: [],
      onAuth: ({ password, username }, _session, callback) => {
        passwords.push(password ?? "")
        if (username === account.user && password === account.password) callback(null, { user: username })
        else callback(smtpReply({ status: 535, body: `5.7.8 wrong user or password: ${password}` }))
      },
      ...options
    }
  })
  return { passwords, server, receiver: yield* makeEmail({ ...login, port: server.port, ...over }, { link: undefined }) }
})

const open: SMTPServerOptions = { authOptional: true, disabledCommands: ["STARTTLS", "AUTH"] }
const { password: _, user: __, ...anonymous } = login

layer(platform, { excludeTestServices: true })("email", (it) => {
  it.effect("goes over STARTTLS, after the password was taken", () =>
    Effect.gen(function* () {
      yield* trusted
      const { receiver, server } = yield* start({}, { tls: "starttls" })
      yield* receiver.deliver(notificationFor())
      assert.deepStrictEqual(
        server.requests.map(({ method }) => method),
        ["DATA over TLS by mailer"]
      )
    })
  )

  it.effect("goes over TLS from the first byte", () =>
    Effect.gen(function* () {
      yield* trusted
      const { receiver, server } = yield* start({ secure: true }, { tls: "implicit" })
      yield* receiver.deliver(notificationFor())
      assert.strictEqual(server.requests[0]?.method, "DATA over TLS by mailer")
    })
  )

  it.effect("goes as it is on loopback, where nobody listens in", () =>
    Effect.gen(function* () {
      const { receiver, server } = yield* start({ allowInsecureAuth: true, disabledCommands: ["STARTTLS"] })
      yield* receiver.deliver(notificationFor())
      assert.strictEqual(server.requests[0]?.method, "DATA by mailer")
    })
  )

  it.effect("says nothing, and least of all the password, to a server without STARTTLS that is not on loopback", () =>
    Effect.gen(function* () {
      // The same server, by an address that is not loopback's.
      const { passwords, receiver, server } = yield* start({ allowInsecureAuth: true, disabledCommands: ["STARTTLS"] }, { host: "0.0.0.0" })
      const failed = yield* Effect.flip(receiver.deliver(notificationFor()))
      assert.match(failed.message, /STARTTLS/)
      assert.deepStrictEqual([passwords, server.requests], [[], []])
    })
  )

  for (const tls of ["starttls", "implicit"] as const) {
    it.effect(`says nothing to a server whose certificate nobody vouches for (${tls})`, () =>
      Effect.gen(function* () {
        const { passwords, receiver, server } = yield* start({ secure: tls === "implicit" }, { tls })
        const failed = yield* Effect.flip(receiver.deliver(notificationFor()))
        assert.match(failed.message, /self-signed certificate/)
        assert.deepStrictEqual([passwords, server.requests], [[], []])
      })
    )
  }

  it.effect("does not try a wrong password twice, nor shows it", () =>
    Effect.gen(function* () {
      yield* trusted
      const { passwords, receiver } = yield* start({}, { tls: "starttls", password: Redacted.make("wr0ng") })
      const failed = yield* Effect.flip(receiver.deliver(notificationFor()))
      assert.isFalse(failed.retryable)
      assert.include(failed.message, "answered 535: 5.7.8 wrong user or password")
      assert.notInclude(JSON.stringify(failed), "wr0ng")
      assert.deepStrictEqual(passwords, ["wr0ng"])
    })
  )

  it.effect("is sent again only to recipients who were put off, and names one who was refused", () =>
    Effect.gen(function* () {
      const asked: Array<string> = []
      const replies: Record<string, Array<Error>> = {
        "grey@desk.example": [smtpReply({ status: 450, body: "4.2.0 greylisted" })],
        "gone@Desk.example": [1, 2, 3].map(() => smtpReply({ status: 550, body: "5.1.1 no such mailbox" }))
      }
      const to = ["ops@desk.example", "grey@desk.example", "gone@Desk.example"]
      const onRcptTo: SMTPServerOptions["onRcptTo"] = ({ address }, _session, callback) => {
        asked.push(address.split("@")[0]!)
        callback(replies[to.find((each) => each.toLowerCase() === address.toLowerCase())!]?.shift())
      }
      const { server } = yield* start({ ...open, onRcptTo })
      const receiver = yield* makeEmail({ ...anonymous, to, port: server.port }, { link: undefined })
      const failed = yield* Effect.flip(receiver.deliver(notificationFor()))
      assert.isFalse(failed.retryable)
      assert.include(failed.message, "answered 550: 5.1.1 no such mailbox")
      assert.deepStrictEqual(
        server.requests.map(({ path }) => path),
        ["ops@desk.example", "grey@desk.example"]
      )
      // The mailbox is made, and the notification comes again.
      replies["gone@Desk.example"] = []
      asked.length = 0
      yield* receiver.deliver(notificationFor())
      assert.deepStrictEqual(asked, ["gone"])
      // All have it: what comes now is for all.
      yield* receiver.deliver(notificationFor())
      assert.deepStrictEqual(asked, ["gone", "ops", "grey", "gone"])
    })
  )

  it.effect("waits for a server that is busy, or not there", () =>
    Effect.gen(function* () {
      let busy = 1
      const onConnect: SMTPServerOptions["onConnect"] = (_session, callback) =>
        callback(busy-- > 0 ? smtpReply({ status: 421, body: "4.3.2 too many connections" }) : null)
      const { server } = yield* start({ ...open, onConnect })
      yield* (yield* makeEmail({ ...anonymous, port: server.port }, { link: undefined })).deliver(notificationFor())
      assert.lengthOf(server.requests, 1)
      const nowhere = yield* makeEmail({ ...anonymous, port: 1 }, { link: undefined })
      const failed = yield* Effect.flip(nowhere.deliver(notificationFor()))
      assert.isTrue(failed.retryable)
      assert.include(failed.message, "ECONNREFUSED")
    })
  )

  it.effect("is one message however often it comes, and one thread an alert", () =>
    Effect.gen(function* () {
      const { server } = yield* start(open)
      const receiver = yield* makeEmail({ ...anonymous, port: server.port }, { link: undefined })
      const headersOf = Effect.fnUntraced(function* (notification: Notification) {
        yield* receiver.deliver(notification)
        const { headers } = readMime(server.requests.at(-1)!.body)
        return { id: headers["message-id"], replyTo: headers["in-reply-to"], thread: headers["references"]!.split(" ") }
      })
      const begun = yield* headersOf(notificationFor())
      assert.deepStrictEqual(yield* headersOf(notificationFor()), begun)
      const worse = yield* headersOf(notificationFor({ change: levelChange({ time: 9 }) }, { idempotencyKey: "2" }))
      assert.notStrictEqual(worse.id, begun.id)
      assert.deepStrictEqual(worse.thread, begun.thread)
      // Another alert joins at the head of its group, and the thread stays where it was.
      const two: Notification["alerts"] = [alertFor({ fingerprint: "other", startsAt: 5 }), alertFor()]
      const both = yield* headersOf(notificationFor({}, { alerts: two, idempotencyKey: "3" }))
      assert.strictEqual(both.replyTo, begun.thread[0])
      assert.lengthOf(both.thread, 2)
      // The same trouble on another day is a thread of its own.
      const again = yield* headersOf(notificationFor({ startsAt: 86_400_000 }, { idempotencyKey: "4" }))
      assert.notDeepEqual(again.thread, begun.thread)
    })
  )
})
