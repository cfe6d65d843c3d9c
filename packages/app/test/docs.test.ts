/** What the pages on alerts show: their configuration is taken, and their commands are run. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { cardsOf } from "@evenkeel/alerting/render/Card"
import { sampleNotifications } from "@evenkeel/alerting/render/Samples"
import { parseTemplate } from "@evenkeel/alerting/render/Template"
import { makeWords } from "@evenkeel/alerting/render/Words"
import { signals } from "@evenkeel/alerting/rule/Signal"
import { Console, Effect, Option, Result } from "effect"
import { Command } from "effect/cli"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { program } from "../src/cli/Program.ts"
import { configWarnings } from "../src/config/ConfigWarnings.ts"
import { loadConfig } from "../src/config/LoadConfig.ts"

const pageOf = (name: string) => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), "utf8")
const blocksOf = (page: string, language: string) =>
  [...page.matchAll(new RegExp(`^ *\`\`\`${language}\\n(.*?)^ *\`\`\``, "gms"))].map(([, block]) => block!)

/** Every `evenkeel alerts …` of the page, as arguments. */
const commandsOf = (page: string): ReadonlyArray<ReadonlyArray<string>> =>
  [...page.matchAll(/`evenkeel (alerts [^`]+)`/g)].map(([, text]) =>
    [...text!.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!)
  )

/** These need an engine that runs, or its database: they are only read here. */
const needsEngine = (args: ReadonlyArray<string>) => ["ack", "silence", "list"].includes(args[1]!)

const receivers = ["desk", "pager", "phone"].map((name) => ({ name, url: "https://example.org", secret: "s" }))

/** The page's settings in one file; without those of services, which have the names of receivers. */
const withPage = <A, E, R>(page: string, use: (file: string) => Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const directory = mkdtempSync(join(tmpdir(), "evenkeel-"))
      const blocks = blocksOf(page, "toml")
      const services = blocks.filter((block) => block.includes("alerts.services"))
      const named = services.length === 0 ? receivers : receivers.filter(({ name }) => name !== "desk")
      const hooks = named.map(({ name, secret, url }) => `[[alerts.webhooks]]\nname = "${name}"\nurl = "${url}"\nsecret = "${secret}"\n`)
      writeFileSync(
        join(directory, "evenkeel.toml"),
        [...services, ...hooks, ...blocks.filter((block) => !services.includes(block))].join("\n")
      )
      return directory
    }),
    (directory) => use(join(directory, "evenkeel.toml")),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
  )

/** What a command prints. */
const run = Effect.fnUntraced(function* (args: ReadonlyArray<string>) {
  const lines: Array<string> = []
  const keep = (...words: ReadonlyArray<unknown>) => void lines.push(words.join(" "))
  yield* Command.runWith(program, { version: "0" })(args).pipe(
    Effect.provideService(Console.Console, { ...globalThis.console, log: keep, error: keep })
  )
  return lines.join("\n")
})

describe.each(["alerting.md", "noise.md"])("%s", (name) => {
  const page = pageOf(name)

  it.effect("shows a configuration that is taken, and warns of nothing", () =>
    withPage(page, (file) =>
      Effect.map(loadConfig(Option.some(file), {}), (config) => {
        assert.deepStrictEqual(
          configWarnings(config).filter((warning) => !warning.includes("is not watched")),
          []
        )
        assert.isNotEmpty(config.alerts.rules)
        assert.isNotEmpty(config.alerts.subscriptions)
        assert.isNotEmpty(config.alerts.inhibitRules)
        assert.isDefined(config.alerts.route.routes)
      })
    ).pipe(Effect.provide(NodeServices.layer))
  )

  it.effect("shows commands that there are", () =>
    withPage(page, (file) =>
      Effect.gen(function* () {
        const commands = commandsOf(page)
        assert.isNotEmpty(commands)
        for (const args of commands) {
          const shown = yield* run(
            needsEngine(args) ? [...args.slice(0, args[1] === "silence" ? 3 : 2), "--help"] : [...args, "--config", file]
          )
          assert.notInclude(shown, "Unknown", args.join(" "))
          assert.isNotEmpty(shown, args.join(" "))
          // A flag that is shown is one that the command has.
          if (needsEngine(args)) for (const flag of args.filter((arg) => arg.startsWith("--"))) assert.include(shown, flag, args.join(" "))
        }
      })
    ).pipe(Effect.provide(NodeServices.layer))
  )
})

describe("alerting.md", () => {
  const page = pageOf("alerting.md")

  it("names every signal with its labels", () => {
    for (const [signal, { labels }] of Object.entries(signals)) {
      const row = page
        .slice(page.indexOf("| `signal` |"))
        .split("\n")
        .find((line) => line.startsWith("|") && line.includes(`\`${signal}\``))
      assert.isDefined(row, signal)
      for (const label of labels) assert.include(row, `\`${label}\``, signal)
    }
  })

  it("shows a template that is taken", () => {
    const [source] = blocksOf(page, "text")
    const title = Result.getOrThrow(parseTemplate("title", source!, "title.txt"))
    const titles = Object.values(sampleNotifications).map(
      (each) => cardsOf(each, { link: undefined, words: makeWords({ title }) })[0]!.title
    )
    assert.deepStrictEqual(titles, ["Depeg USDC", "VenueApart DAI", "Depeg USDC", "over: Depeg USDC"])
  })
})
