/** `evenkeel alerts`: the present state of alerts. */
import { serviceTypes } from "@evenkeel/alerting/receiver/ServiceTypes"
import * as Effect from "effect/Effect"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { by } from "./Parameters.ts"
import { config, load } from "./Root.ts"

const commands = load(() => import("../command/Alerts.ts"))

const list = Command.make(
  "list",
  { all: Flag.Boolean("all").pipe(Flag.withDescription("Resolved ones too"), Flag.withDefault(false)) },
  Effect.fnUntraced(function* ({ all }) {
    const known = yield* config
    const { runAlertsList } = yield* commands
    yield* runAlertsList(known, all)
  })
).pipe(Command.withDescription("What fires, and the notifications that were given up"))

const resolve = Command.make(
  "resolve",
  {
    coin: Argument.String("coin").pipe(Argument.withDescription("A coin that no engine watches any more")),
    reason: Flag.String("reason").pipe(Flag.withDescription("Why it is closed; receivers are told")),
    by
  },
  Effect.fnUntraced(function* ({ by, coin, reason }) {
    const known = yield* config
    const { runAlertsResolve } = yield* commands
    yield* runAlertsResolve(known, coin, reason, by)
  })
).pipe(Command.withDescription("Close the alerts of a coin that no engine watches any more"))

const rebuild = Command.make(
  "rebuild",
  {},
  Effect.fnUntraced(function* () {
    const known = yield* config
    const { runAlertsRebuild } = yield* commands
    yield* runAlertsRebuild(known)
  })
).pipe(Command.withDescription("Make the table of alerts anew from the log"))

const asking = load(() => import("../command/AskEngine.ts"))
const labels = (description: string) => Argument.String("labels").pipe(Argument.withDescription(description), Argument.variadic({ min: 1 }))

const silenceList = Command.make(
  "list",
  { all: Flag.Boolean("all").pipe(Flag.withDescription("Those that are over too"), Flag.withDefault(false)) },
  Effect.fnUntraced(function* ({ all }) {
    const known = yield* config
    const { runSilenceList } = yield* asking
    yield* runSilenceList(known, all)
  })
).pipe(Command.withDescription("The silences that stand"))

const silenceAdd = Command.make(
  "add",
  {
    matchers: labels('What is silenced: coin=USDC, or severity=~"watch|warning"'),
    period: Flag.String("for").pipe(Flag.withDescription("How long, as in 30m, 2h or 1d"), Flag.withDefault("1h")),
    by: Flag.String("by").pipe(Flag.withDescription("Who asks for it")),
    comment: Flag.String("comment").pipe(Flag.withDescription("Why")),
    force: Flag.Boolean("force").pipe(
      Flag.withDescription("Also for a label that no alert of this configuration has"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* (options) {
    const known = yield* config
    const { runSilenceAdd } = yield* asking
    yield* runSilenceAdd(known, options)
  })
).pipe(Command.withDescription("Hold alerts back for a while"))

const silenceExpire = Command.make(
  "expire",
  { id: Argument.String("id").pipe(Argument.withDescription("A silence, as `silence list` shows it")), by },
  Effect.fnUntraced(function* ({ by, id }) {
    const known = yield* config
    const { runSilenceExpire } = yield* asking
    yield* runSilenceExpire(known, id, by)
  })
).pipe(Command.withDescription("End a silence now"))

const silence = Command.make("silence").pipe(
  Command.withDescription("Alerts that are held back for a while, in the engine that runs"),
  Command.withSubcommands([silenceList, silenceAdd, silenceExpire])
)

const acknowledge = Command.make(
  "ack",
  {
    what: Argument.String("alert").pipe(Argument.withDescription("A fingerprint, as `alerts list` shows it, a coin or a rule")),
    by: Flag.String("by").pipe(Flag.withDescription("Who looks at it")),
    comment: Flag.String("comment").pipe(Flag.withDescription("What is done"), Flag.withDefault(""))
  },
  Effect.fnUntraced(function* (options) {
    const known = yield* config
    const { runAcknowledge } = yield* asking
    yield* runAcknowledge(known, options)
  })
).pipe(Command.withDescription("Say that somebody looks at it: it is not repeated and not escalated"))

const routing = load(() => import("../command/Routes.ts"))

const routesShow = Command.make(
  "show",
  {},
  Effect.fnUntraced(function* () {
    const known = yield* config
    const { runRoutesShow } = yield* routing
    yield* runRoutesShow(known)
  })
).pipe(Command.withDescription("The tree of routes"))

const routesTest = Command.make(
  "test",
  { labels: labels("An alert's labels: coin=USDC severity=critical") },
  Effect.fnUntraced(function* (options) {
    const known = yield* config
    const { runRoutesTest } = yield* routing
    yield* runRoutesTest(known, options.labels)
  })
).pipe(Command.withDescription("Who would be told of an alert"))

const routes = Command.make("routes").pipe(
  Command.withDescription("Who is told of which alerts"),
  Command.withSubcommands([routesShow, routesTest])
)

const preview = Command.make(
  "preview",
  {
    template: Flag.String("template").pipe(Flag.withDescription("A template: title.txt, or any other name for the text"), Flag.optional),
    service: Flag.Literals("service", serviceTypes).pipe(Flag.withDescription("As this service is sent it"), Flag.optional)
  },
  Effect.fnUntraced(function* (options) {
    const known = yield* config
    const { runPreview } = yield* load(() => import("../command/Preview.ts"))
    yield* runPreview(known, options)
  })
).pipe(Command.withDescription("What notifications look like, without an engine"))

export const alerts = Command.make("alerts").pipe(
  Command.withDescription("The present state of alerts"),
  Command.withSubcommands([list, acknowledge, silence, routes, preview, resolve, rebuild])
)
