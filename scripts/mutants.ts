/**
 * `pnpm mutants [--only PATTERN] [--seeds M]`: puts one fault at a time into a copy of the sources, and simulates until a seed finds it. A fault that no seed finds shows
 * what the simulation does not look at; then the run ends with 1.
 */
import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"

export interface Mutant {
  readonly name: string
  readonly file: string
  /** Stands once in the file. */
  readonly from: string
  readonly to: string
}

export const mutants: ReadonlyArray<Mutant> = [
  {
    name: "a gap between a book's changes is not looked at",
    file: "packages/connectors/src/wire/JsonDecoder.ts",
    from: "    if (!reaches) {\n",
    to: "    if (!reaches && instrument < 0) {\n"
  },
  {
    name: "a change that does not follow the last one is applied",
    file: "packages/connectors/src/wire/JsonDecoder.ts",
    from: "    if (!continues) {\n",
    to: "    if (!continues && instrument < 0) {\n"
  },
  {
    name: "a checksum is not compared",
    file: "packages/connectors/src/exchange/kraken/KrakenDecoder.ts",
    from: "    book.live = checksumOf(levels, book.priceDecimals, book.quantityDecimals) === checksum\n",
    to: "    book.live = true\n"
  },
  {
    name: "a promise to a receiver is dropped",
    file: "packages/store/src/outbox/Outbox.ts",
    from: "if (Array.isArrayNonEmpty(values)) yield*",
    to: "if (Array.isArrayNonEmpty(values) && values[0].position % 4 !== 1) yield*"
  },
  {
    name: "an alert's notifications overtake each other",
    file: "packages/store/src/outbox/Outbox.ts",
    from: "                      and (earlier.position, earlier.idempotency_key) < (row.position, row.idempotency_key)\n",
    to: "                      and (earlier.position, earlier.idempotency_key) < (row.position, row.idempotency_key) and false\n"
  },
  {
    name: "what failed counts as delivered",
    file: "packages/alerting/src/dispatch/Dispatcher.ts",
    from: "    if (sent === undefined) return yield* note(row, now)\n",
    to: "    if (sent === undefined || row.attempts > 0) return yield* note(row, now)\n"
  },
  {
    name: "a thread that is replaced begins at no level",
    file: "packages/detection/src/host/ThreadDetection.ts",
    from: "      levels: starts > 0 ? recorder.standing() : [],\n",
    to: "      levels: [],\n"
  },
  {
    name: "an engine that is started forgets the log's levels",
    file: "packages/detection/src/host/ThreadDetection.ts",
    from: "  yield* writeLevels(frames, standing)\n",
    to: ""
  },
  {
    name: "a thread's beats are not looked at",
    file: "packages/detection/src/host/ThreadDetection.ts",
    from: "quiet === (ready ? hungAfterLooks : startLooksMax)",
    to: "quiet === (ready ? Number.POSITIVE_INFINITY : startLooksMax)"
  },
  {
    name: "a level change leaves its mailbox before it is recorded",
    file: "packages/detection/src/host/LevelRecorder.ts",
    from: '      Effect.retry(Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced(retryMax)])),\n',
    to: "      Effect.ignore,\n"
  },
  {
    name: "a coin returns from stale without saying so",
    file: "packages/detection/src/hotpath/Judge.ts",
    from: "    this.#signals.levelChanged(coin, isStale ? coin.machine.level : stale)\n",
    to: "    if (isStale) this.#signals.levelChanged(coin, coin.machine.level)\n"
  },
  {
    name: "a coin without a price is not stale",
    file: "packages/detection/src/hotpath/Judge.ts",
    from: "coin.stale || now - since <= this.#options.staleAfterMillis",
    to: "coin.stale || now - since <= 100 * this.#options.staleAfterMillis"
  },
  {
    name: "a database that does not answer is not noticed",
    file: "packages/app/src/engine/Readiness.ts",
    from: "unanswered >= unansweredMax",
    to: "unanswered >= 1000 * unansweredMax"
  },
  {
    name: "a consumer steps over a fact",
    file: "packages/store/src/event/Consumer.ts",
    from: "  for (const event of events) {\n",
    to: "  for (const event of events) {\n    if (event.position % 5 === 0) continue\n"
  },
  {
    name: "a connection that says nothing is kept",
    file: "packages/connectors/src/transport/Liveness.ts",
    from: "    if (silentMillis > silenceMax) return",
    to: "    if (silentMillis > 1000 * silenceMax) return"
  },
  {
    name: "a thread that follows a dead one reads what was written over",
    file: "packages/runtime/src/ring/FrameRing.ts",
    from: "    this.#peer = Atomics.load(this.control, written)\n    const offset = this.peek()\n",
    to: "    const offset = this.peek()\n"
  },
  {
    name: "a silence is not looked at",
    file: "packages/alerting/src/mute/Mutes.ts",
    from: "    return silences.length > 0 ?",
    to: "    return silences.length > 1000 ?"
  },
  {
    name: "an alert is told though another one inhibits it",
    file: "packages/alerting/src/mute/Mutes.ts",
    from: "if (this.#inhibitor.inhibits(labels)) return",
    to: "if (this.#inhibitor.inhibits(labels) && now < 0) return"
  },
  {
    name: "a route's mute times are not looked at",
    file: "packages/alerting/src/mute/Mutes.ts",
    from: "if (this.#isMuteTime(route, now)) return",
    to: "if (this.#isMuteTime(route, now) && now < 0) return"
  },
  {
    name: "a new group does not wait",
    file: "packages/alerting/src/group/Group.ts",
    from: "lookAt: options.now + options.route.groupWaitMillis,",
    to: "lookAt: options.now,"
  },
  {
    name: "a group waits a second longer than its interval",
    file: "packages/alerting/src/group/Group.ts",
    from: "timing.groupIntervalMillis > 0 ? now + timing.groupIntervalMillis :",
    to: "timing.groupIntervalMillis > 0 ? now + 1000 + timing.groupIntervalMillis :"
  },
  {
    name: "what was told is told again as new",
    file: "packages/alerting/src/group/Group.ts",
    from: "const isNews = taken.some((member) => toldOf(member) !== member.severity)",
    to: "const isNews = taken.length > 0"
  },
  {
    name: "what is acknowledged is repeated",
    file: "packages/alerting/src/group/Group.ts",
    from: "timing.repeatIntervalMillis && unseen.length > 0",
    to: "timing.repeatIntervalMillis && firing.length > 0"
  },
  {
    name: "what is acknowledged is escalated",
    file: "packages/alerting/src/group/Group.ts",
    from: "unseen.filter(({ fingerprint }) => open",
    to: "firing.filter(({ fingerprint }) => open"
  },
  {
    name: "who never heard of an alert hears that it is over",
    file: "packages/alerting/src/group/Group.ts",
    from: 'member.status === "resolved" && toldOf(member) !== undefined',
    to: 'member.status === "resolved"'
  },
  {
    name: "an end that is held back is told to nobody",
    file: "packages/alerting/src/group/Group.ts",
    from: "(!heard.includes(member) && open.has(member.fingerprint))",
    to: "(now < 0 && open.has(member.fingerprint))"
  },
  {
    name: "siblings behind `continue` are not looked at",
    file: "packages/alerting/src/route/Route.ts",
    from: "if (found.length > 0 && !child.continue) break",
    to: "if (found.length > 0) break"
  },
  {
    name: "who subscribes is not told",
    file: "packages/alerting/src/route/AlertPolicy.ts",
    from: "...subscriptions.flatMap((route) => routesOf(route, labels))]",
    to: "...subscriptions.slice(1).flatMap((route) => routesOf(route, labels))]"
  },
  {
    name: "a reload leads no alert to the new routes",
    file: "packages/alerting/src/group/Notifier.ts",
    from: "if (by === routedBy) return",
    to: "if (by === routedBy || routedBy !== undefined) return"
  },
  {
    name: "a rule fires a second early",
    file: "packages/alerting/src/rule/RuleState.ts",
    from: "return now - since >= forMillis ?",
    to: "return now - since >= forMillis - 1000 ?"
  },
  {
    name: "a rule ends where it began",
    file: "packages/alerting/src/rule/RuleState.ts",
    from: "if (isBeyond(value, clear, comparison))",
    to: "if (isBeyond(value, threshold, comparison))"
  },
  {
    name: "a rule that cannot see its signal is over",
    file: "packages/alerting/src/rule/RuleState.ts",
    from: "if (value === null) return { state: { ...state, goneSince: null } }",
    to: 'if (value === null) return { state: undefined, event: "cleared" }'
  },
  {
    name: "an alert is told in a group that it has left",
    file: "packages/alerting/src/group/Notifier.ts",
    from: " && keyOf(route, groupLabelsOf(route, labels)) === group.key",
    to: ""
  },
  {
    name: "a group that is made once more has its old keys",
    file: "packages/alerting/src/group/Notifier.ts",
    from: "const beginning = before === undefined ? position : yield* beginningOf(key, position)",
    to: "const beginning = position"
  }
]

/** Seeds that are simulated together. */
const seedsAtOnce = 12

const main = () => {
  const { values } = parseArgs({ options: { only: { type: "string", default: "" }, seeds: { type: "string", default: "200" } } })
  const root = resolve(import.meta.dirname, "..")
  const copy = mkdtempSync(join(tmpdir(), "evenkeel-mutants-"))
  for (const each of ["packages", "scripts", "package.json", "pnpm-workspace.yaml"])
    cpSync(join(root, each), join(copy, each), { recursive: true, verbatimSymlinks: true })
  const shared = join(root, "node_modules", ".pnpm")
  cpSync(join(root, "node_modules"), join(copy, "node_modules"), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => path !== shared
  })
  symlinkSync(shared, join(copy, "node_modules", ".pnpm"))
  let unfound = 0
  for (const { file, from, name, to } of mutants) {
    if (!new RegExp(values.only).test(name)) continue
    const path = join(copy, file)
    const text = readFileSync(path, "utf8")
    writeFileSync(
      path,
      text.replace(from, () => to)
    )
    let found: string | undefined
    for (let seed = 1; seed <= Number(values.seeds) && found === undefined; seed += seedsAtOnce) {
      const args = ["--single-threaded-gc", join(copy, "scripts/sim.ts"), "--seed", String(seed), "--seeds", String(seedsAtOnce)]
      const { status, stdout } = spawnSync(process.execPath, args, { cwd: copy, encoding: "utf8", maxBuffer: 1 << 28 })
      const lowest = /the lowest seed that failed: (\d+)/.exec(stdout)?.[1]
      if (status !== 0) found = `seed ${lowest}: ${new RegExp(`^seed ${lowest}: (.{0,120})`, "m").exec(stdout)?.[1]}`
    }
    writeFileSync(path, text)
    if (found === undefined) unfound++
    process.stdout.write(`${found === undefined ? "NOT FOUND" : "found    "}  ${name.padEnd(64)} ${found ?? ""}\n`)
  }
  rmSync(copy, { recursive: true, force: true })
  process.exitCode = unfound === 0 ? 0 : 1
}

if (import.meta.main) main()
